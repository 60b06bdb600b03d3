// Makes the npm packages. Called by scripts/package-npm.sh.
//
//   node npm.mjs FOLDER PROGRAM...
import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, copyFileSync, cpSync, mkdirSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const MAIN = path.join(REPOSITORY, "npm/cloudinary-parse");
const ELF = 0x7f454c46;
const ELF_MACHINES = { 62: "x64", 183: "arm64" };
const MACH_O_64 = 0xfeedfacf;
const MACH_O_PROCESSORS = { 0x01000007: "x64", 0x0100000c: "arm64" };

function fail(text) {
  console.error(text);
  process.exit(1);
}

/** The `os` and `cpu` of npm that a program's header names. */
function platformOf(program) {
  const header = Buffer.alloc(20);
  const file = openSync(program);
  readSync(file, header, 0, header.length, 0);
  closeSync(file);
  const isElf = header.readUInt32BE(0) === ELF;
  const isMachO = header.readUInt32LE(0) === MACH_O_64;
  const os = isElf ? "linux" : isMachO ? "darwin" : undefined;
  const cpu = isElf ? ELF_MACHINES[header.readUInt16LE(18)] : MACH_O_PROCESSORS[header.readUInt32LE(4)];
  if (!os || !cpu) fail(`${program} is not a program for Linux or macOS on x64 or arm64`);
  return { os, cpu };
}

/** What Cargo.toml says of the package. */
function cargo(key) {
  return readFileSync(path.join(REPOSITORY, "Cargo.toml"), "utf8").match(new RegExp(`^${key} = "(.*)"$`, "m"))?.[1];
}

/** What npm shows, and what provenance is held against: one place, Cargo.toml, says it. */
function origin() {
  const [repository, homepage] = [cargo("repository"), cargo("homepage")];
  return { ...(homepage && { homepage }), ...(repository && { repository: { type: "git", url: `git+${repository.replace(/(\.git)?$/, ".git")}` } }) };
}

const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

/** The package that Node.js users name. */
function stageMain(folder, main) {
  for (const name of [...main.files, "LICENSE", "README.md"]) cpSync(path.join(MAIN, name), path.join(folder, name), { recursive: true });
  writeJson(path.join(folder, "package.json"), { ...main, ...origin() });
}

/** A package that holds the program of one platform. */
function stagePlatform(folder, main, name, program, { os, cpu }) {
  const copy = path.join(folder, "bin", main.name);
  mkdirSync(path.dirname(copy), { recursive: true });
  copyFileSync(program, copy);
  chmodSync(copy, 0o755);
  copyFileSync(path.join(MAIN, "LICENSE"), path.join(folder, "LICENSE"));
  writeFileSync(path.join(folder, "README.md"), `# ${name}\n\nThe program of [${main.name}](https://www.npmjs.com/package/${main.name}) for ${os} on ${cpu}. Install \`${main.name}\`, which installs this.\n`);
  writeJson(path.join(folder, "package.json"), {
    name,
    version: main.version,
    description: `The program of ${main.name} for ${os} on ${cpu}`,
    license: main.license,
    ...origin(),
    os: [os],
    cpu: [cpu],
    ...(os === "linux" && { libc: ["glibc"] }),
    files: ["bin"],
    // Yarn's zip files cannot be run from.
    preferUnplugged: true,
  });
}

function pack(stage, folder) {
  const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: stage, encoding: "utf8" }));
  console.log(`made ${path.relative(process.cwd(), path.join(folder, filename))}`);
}

const [given, ...programs] = process.argv.slice(2);
const folder = path.resolve(given);
const main = JSON.parse(readFileSync(path.join(MAIN, "package.json"), "utf8"));
const { optionalDependencies: dependencies } = main;
const version = cargo("version");
const versions = { "the package": main.version, ...dependencies };
const different = Object.entries(versions).filter(([, other]) => other !== version);
if (different.length) fail(`npm/cloudinary-parse/package.json: expected ${version}, as in Cargo.toml, for ${different.map(([name]) => name).join(", ")}`);

const names = new Map();
for (const program of programs) {
  const platform = platformOf(program);
  const name = `@${main.name}/${platform.os}-${platform.cpu}`;
  if (!dependencies[name]) fail(`${program}: ${main.name} does not depend on ${name}`);
  if (names.has(name)) fail(`${program}: ${names.get(name).program} is for ${platform.os} on ${platform.cpu} as well`);
  names.set(name, { program, platform });
}

rmSync(folder, { recursive: true, force: true });
const stage = (name) => path.join(folder, "stage", name);
mkdirSync(stage(main.name), { recursive: true });
stageMain(stage(main.name), main);
for (const [name, { program, platform }] of names) stagePlatform(stage(name), main, name, program, platform);
for (const name of [main.name, ...names.keys()]) pack(stage(name), folder);
rmSync(path.join(folder, "stage"), { recursive: true });
