// The README's quick start with npx, command by command, in the root of a system without Rust. Called by scripts/newcomer.sh.
//
//   node newcomer.mjs ROOT FOLDER_OF_NPM_PACKAGES
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { run, startServer } from "../parse-server/processes.mjs";
import { ACCOUNT, REPOSITORY, startParseServer } from "../parse-server/stack.mjs";

const [root, packages] = process.argv.slice(2);
const APP_ID = "myApp";
const MASTER_KEY = "the master key";
const ENVIRONMENT = {
  CLOUDINARY_URL: `cloudinary://${ACCOUNT.api_key}:${ACCOUNT.api_secret}@${ACCOUNT.cloud_name}`,
  PARSE_SERVER_MASTER_KEY: MASTER_KEY,
  HOME: "/root",
  // Until the packages are published npm would ask for those of other platforms in vain, again and again.
  npm_config_offline: "true",
  PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/bin",
};

/** The commands of a part of the README, block by block, and the answer that it promises to the last one. */
function quickStart() {
  const readme = readFileSync(path.join(REPOSITORY, "README.md"), "utf8");
  const part = /^### With npx\n(.*?)^### /ms.exec(readme)?.[1] ?? "";
  const blocks = [...part.matchAll(/^```sh\n(.*?)^```/gms)].map(([, commands]) => commands.trim());
  const [, answer] = /^Parse Server answers `([^`]+)`/m.exec(part) ?? [];
  return { blocks, answer };
}

const folder = path.join(root, "srv/app");
const inRoot = (commands) => ["chroot", [root, "sh", "-ec", `cd /srv/app\n${commands}`]];

async function ask(commands) {
  console.log(commands.replace(/^/gm, "  $ "));
  const { code, stdout, stderr } = await run(...inRoot(commands), { env: ENVIRONMENT });
  assert.equal(code, 0, `${commands}\nends with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

const { blocks, answer } = quickStart();
assert.equal(blocks.length, 4, "the README's quick start has four blocks: install and init, check and serve, register, the forgery");
const [begin, start, register, forgery] = blocks;
const last = start.lastIndexOf("\n");
const [check, serve] = [start.slice(0, last), start.slice(last + 1)];
assert.match(serve, / serve$/);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(packages)) copyFileSync(path.join(packages, name), path.join(folder, name));
for (const tool of ["cargo", "rustc"]) assert.ok(!existsSync(path.join(root, "usr/bin", tool)), `${tool} is in ${root}`);

const logs = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-newcomer-"));
const begun = Date.now();
const printed = await ask(begin);
const lines = [...printed.matchAll(/^ {4}(PARSE_SERVER_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
assert.ok(lines.length > 0, `init prints no lines for Parse Server:\n${printed}`);
console.log(`  Parse Server gets ${lines.map(([name]) => name).join(" and ")}`);

const parseServer = await startParseServer(logs, {
  port: 1337,
  env: { PARSE_SERVER_APPLICATION_ID: APP_ID, PARSE_SERVER_MASTER_KEY: MASTER_KEY, ...Object.fromEntries(lines) },
});
const headers = { "X-Parse-Application-Id": APP_ID, "X-Parse-Master-Key": MASTER_KEY, "Content-Type": "application/json" };
const body = JSON.stringify({ className: "Photo", fields: { cloudinaryIdentifier: { type: "String" } } });
const made = await fetch(`${parseServer.url}/schemas/Photo`, { method: "POST", headers, body });
assert.equal(made.status, 200, await made.text());

await ask(check);
console.log(`  $ ${serve} &`);
const [command, args] = inRoot(`exec ${serve}`);
const service = await startServer({
  name: "cloudinary-parse",
  command,
  args,
  ready: [/webhook listener on (http\S+)/],
  logFile: path.join(logs, "cloudinary-parse.log"),
  env: ENVIRONMENT,
});
try {
  console.log(await ask(register));
  const answered = (await ask(forgery)).trim();
  console.log(answered);
  assert.equal(answered, answer, "Parse Server's answer to the forgery");
  console.log(`\nFrom packed files to a refused forgery: ${((Date.now() - begun) / 1000).toFixed(0)} s`);
} finally {
  // npx would leave the program running.
  await service.stop();
  await parseServer.stop();
}
rmSync(logs, { recursive: true });
rmSync(folder, { recursive: true });
process.exit(0);
