// From the packed npm files to a refused forgery: what `scripts/package-npm.sh` makes, in an empty folder, beside a real Parse Server.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { bare, identifier, Parse, picture, rest, signUp, upload, useParseServer } from "../../scripts/parse-server/client.mjs";
import { freePort, run, startServer } from "../../scripts/parse-server/processes.mjs";
import { ACCOUNT, binary, PARSE, REPOSITORY, startCloudinaryDouble, startParseServer } from "../../scripts/parse-server/stack.mjs";

const PACKAGE_NPM = path.join(REPOSITORY, "scripts/package-npm.sh");
const LISTENING = /webhook listener on (http\S+)/;

async function until(what, holds) {
  for (const deadline = Date.now() + 40_000; !(await holds()); await sleep(50)) assert.ok(Date.now() < deadline, what);
}

describe("the program that npm installs", () => {
  let folder;
  let npmEnv;
  let made;
  const in_ = (name) => path.join(folder, name);

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-command-"));
    npmEnv = { npm_config_cache: in_("cache"), npm_config_offline: "true" };
    // A debug build is large because of what `strip` removes.
    const program = in_("program");
    const stripped = await run("strip", ["-o", program, binary()], {});
    assert.equal(stripped.code, 0, stripped.stderr);
    const packed = await run(PACKAGE_NPM, ["--binary", program], { env: { ...npmEnv, CARGO_TARGET_DIR: in_("target") } });
    assert.equal(packed.code, 0, packed.stderr);
    made = in_("target/package/npm");
    const files = readdirSync(made).map((name) => path.join(made, name));
    mkdirSync(in_("app"));
    const installed = await run("npm", ["install", "--no-audit", "--no-fund", ...files], { cwd: in_("app"), env: npmEnv });
    assert.equal(installed.code, 0, installed.stderr);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const npx = (args, env) => run("npx", ["cloudinary-parse", ...args], { cwd: in_("app"), env: { ...npmEnv, ...env } });
  const serve = (name, command, args, env) =>
    startServer({ name, command, args: [...args, "serve"], cwd: in_("app"), ready: [LISTENING], logFile: in_(`${name}.log`), env: { ...npmEnv, ...env } });
  const isServing = (url) => fetch(`${url}/health`).then(() => true, () => false);

  test("comes with the package of this platform and of no other", () => {
    const platform = `${process.platform}-${process.arch}`;
    const scope = in_("app/node_modules/@cloudinary-parse");
    assert.deepEqual(readdirSync(scope), [platform]);
    const { version, os, cpu, libc } = JSON.parse(readFileSync(path.join(scope, platform, "package.json"), "utf8"));
    const main = JSON.parse(readFileSync(in_("app/node_modules/cloudinary-parse/package.json"), "utf8"));
    assert.deepEqual([version, os, cpu, libc], [main.version, [process.platform], [process.arch], process.platform === "linux" ? ["glibc"] : undefined]);
  });

  test("ends with its own exit codes", async () => {
    assert.equal((await npx(["--version"])).code, 0);
    assert.equal((await npx(["check"])).code, 1);
    assert.equal((await npx(["frobnicate"])).code, 64);
  });

  test("guards a class from `init` to a refused forgery", async () => {
    const double = await startCloudinaryDouble(folder);
    const [port, parsePort] = [await freePort(), await freePort()];
    const parseUrl = `http://127.0.0.1:${parsePort}/parse`;
    const secrets = { CLOUDINARY_URL: double.cloudinaryUrl, PARSE_SERVER_MASTER_KEY: PARSE.masterKey };
    const flags = ["--class", "Photo", "--folder-per-user", "--sign-uploads", "--parse-server", parseUrl, "--application-id", PARSE.appId];
    const init = await npx(["init", ...flags, "--public-url", `http://127.0.0.1:${port}`], secrets);
    assert.deepEqual([init.code, init.stderr], [0, ""]);
    assert.match(init.stdout, /^ {2}\d\. npx cloudinary-parse serve$/m);

    // The lines that it prints for Parse Server, as it prints them.
    const variables = [...init.stdout.matchAll(/^ {4}(PARSE_SERVER_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
    assert.deepEqual(variables.map(([name]) => name), ["PARSE_SERVER_WEBHOOK_KEY", "PARSE_SERVER_MAX_UPLOAD_SIZE"]);
    const parseServer = await startParseServer(folder, { port: parsePort, env: Object.fromEntries(variables) });
    useParseServer(parseServer.url);
    const fields = { cloudinaryIdentifier: { type: "String" } };
    await rest(parseServer.url, "POST", "/schemas/Photo", { master: true, body: { className: "Photo", fields } });

    const check = await npx(["check"]);
    assert.deepEqual([check.code, check.stdout], [0, "webhooks: 1 class guarded, 1 function served\n"], check.stderr);
    const service = await serve("npx", "npx", ["cloudinary-parse"], { CLOUDINARY_PARSE_ADMIN_BIND: "off" });
    const register = await npx(["register"]);
    assert.equal(register.code, 0, register.stdout + register.stderr);

    const user = await signUp("ann");
    const session = user.getSessionToken();
    const save = (cloudinaryIdentifier) => rest(parseServer.url, "POST", "/classes/Photo", { session, body: { cloudinaryIdentifier } });
    const forged = await save(`image/upload/v1/users/${user.id}/x.jpg`);
    assert.deepEqual([forged.status, forged.json], [400, { code: 141, error: "Bad signature" }]);
    const signed = await Parse.Cloud.run("sign_cloudinary_upload_request", {}, { sessionToken: session });
    const uploaded = identifier(await upload(double.url, ACCOUNT.cloud_name, signed, picture()));
    const saved = await save(uploaded);
    assert.equal(saved.status, 201, saved.text);
    const { json } = await rest(parseServer.url, "GET", `/classes/Photo/${saved.json.objectId}`, { session });
    assert.equal(json.cloudinaryIdentifier, bare(uploaded));

    // npm ends with its own exit code, before the program.
    await service.stop();
    await until("the program ends after npx", async () => !(await isServing(service.urls[0])));
    await Promise.all([parseServer.stop(), double.stop()]);
  });

  test("is reloaded by SIGHUP and ended by SIGTERM", async () => {
    const env = { CLOUDINARY_PARSE_BIND: "127.0.0.1:0", CLOUDINARY_PARSE_ADMIN_BIND: "off" };
    const service = await serve("bin", in_("app/node_modules/.bin/cloudinary-parse"), [], env);
    writeFileSync(in_("app/webhooks/Album.toml"), 'class = "Album"\n[fields.cover]\n');
    process.kill(service.pid, "SIGHUP");
    await until("the manifests are loaded", () => service.output().includes("manifests loaded"));
    assert.equal(await service.stop(), 0);
    assert.match(service.output(), /stopped\n$/);
    assert.equal(await isServing(service.urls[0]), false);
  });

  const refused = [
    ["a file that is no program", () => path.join(REPOSITORY, "README.md"), (file) => `${file} is not a program for Linux or macOS on x64 or arm64\n`],
    ["a file that is not there", () => "no/such/file", () => "--binary: there is no file no/such/file\n"],
  ];
  for (const [what, file, error] of refused) {
    test(`is not packed from ${what}, and what was made before stays`, async () => {
      const { code, stdout, stderr } = await run(PACKAGE_NPM, ["--binary", file()], { env: { CARGO_TARGET_DIR: in_("target") } });
      assert.deepEqual([code, stdout, stderr], [1, "", error(file())]);
      assert.equal(readdirSync(made).length, 2);
    });
  }

  test("is packed once for each platform", async () => {
    const program = in_("program");
    const { code, stderr } = await run(PACKAGE_NPM, ["--binary", program, "--binary", program], { env: { CARGO_TARGET_DIR: in_("target") } });
    assert.deepEqual([code, stderr], [1, `${program}: ${program} is for ${process.platform} on ${process.arch} as well\n`]);
  });
});
