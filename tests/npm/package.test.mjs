// The npm package as users get it: packed, installed in an empty folder, and its README's lines as they stand.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { bare, mintIdentifier, rest, signUp, useParseServer } from "../../scripts/parse-server/client.mjs";
import { freePort, run } from "../../scripts/parse-server/processes.mjs";
import { ACCOUNT, PARSE, REPOSITORY, startStack } from "../../scripts/parse-server/stack.mjs";

const PACKAGE = path.join(REPOSITORY, "npm/cloudinary-parse");
const RIG_MODULES = path.join(REPOSITORY, "scripts/parse-server/node_modules");
const blocks = (language, file) => [...readFileSync(file, "utf8").matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text);

describe("the npm package", () => {
  let folder;
  let stack;

  const npm = async (args, cwd) => {
    const { code, stdout, stderr } = await run("npm", args, { cwd, env: { npm_config_cache: path.join(folder, "cache"), npm_config_offline: "true" } });
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  };
  const node = (args, env) => run(process.execPath, args, { cwd: folder, env });

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-package-"));
    const [{ filename }] = JSON.parse(await npm(["pack", "--json", "--pack-destination", folder], PACKAGE));
    writeFileSync(path.join(folder, "package.json"), '{"name":"app","version":"1.0.0","private":true}');
    await npm(["install", "--no-audit", "--no-fund", path.join(folder, filename)], folder);
    symlinkSync(path.join(RIG_MODULES, "parse"), path.join(folder, "node_modules/parse"));

    const cloud = path.join(folder, "cloud.js");
    writeFileSync(cloud, blocks("js", path.join(PACKAGE, "README.md")).find((text) => text.includes('require("cloudinary-parse")')));
    const address = `127.0.0.1:${await freePort()}`;
    mkdirSync(path.join(folder, "stack"));
    stack = await startStack({
      folder: path.join(folder, "stack"),
      manifests: {
        "Photo.toml": 'class = "Photo"\ncalled_from = "cloud_code"\n[fields.cloudinaryIdentifier]\n',
        "sign.toml": readFileSync(path.join(REPOSITORY, "webhooks/sign_cloudinary_upload_request.toml"), "utf8"),
      },
      env: { CLOUDINARY_PARSE_BIND: address },
      parseServer: { env: { PARSE_SERVER_CLOUD: cloud, CLOUDINARY_PARSE_PUBLIC_URL: `http://${address}` } },
    });
    useParseServer(stack.parseServer.url);
    const body = { className: "Photo", fields: { cloudinaryIdentifier: { type: "String" } } };
    await rest(stack.parseServer.url, "POST", "/schemas/Photo", { master: true, body });
    const session = (await signUp("ann")).getSessionToken();
    // What an app has before it comes to the README's lines; Cloudinary is the double.
    writeFileSync(
      path.join(folder, "app.mjs"),
      `import Parse from "parse/node";
      import { picture } from ${JSON.stringify(path.join(REPOSITORY, "scripts/parse-server/client.mjs"))};
      Parse.initialize("${PARSE.appId}");
      Parse.serverURL = "${stack.parseServer.url}";
      await Parse.User.enableUnsafeCurrentUser();
      await Parse.User.become("${session}");
      const { fetch } = globalThis;
      const double = (url) => url.replace("https://api.cloudinary.com/v1_1/demo/", "${stack.double.url}/v1_1/${ACCOUNT.cloud_name}/");
      Object.assign(globalThis, { Parse, file: new Blob([picture()]), image: {}, alert: console.log, fetch: (url, options) => fetch(double(url), options) });`,
    );
  });
  after(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("holds what it needs and nothing else", () => {
    const installed = path.join(folder, "node_modules/cloudinary-parse");
    const { version, dependencies, optionalDependencies } = JSON.parse(readFileSync(path.join(installed, "package.json")));
    const cargo = readFileSync(path.join(REPOSITORY, "Cargo.toml"), "utf8").match(/^version = "(.*)"$/m)[1];
    assert.deepEqual([version, dependencies], [cargo, undefined]);
    const platforms = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"];
    assert.deepEqual(optionalDependencies, Object.fromEntries(platforms.map((platform) => [`@cloudinary-parse/${platform}`, cargo])));
    const files = readdirSync(installed, { recursive: true }).sort();
    const expected = ["LICENSE", "README.md", "bin", "bin/cloudinary-parse.js", "client.d.ts", "client.js", "index.d.ts", "index.js", "lib", "package.json"];
    assert.deepEqual(files.filter((name) => !name.startsWith("lib/")), expected);
    for (const name of files.filter((name) => name.endsWith(".js"))) {
      const required = [...readFileSync(path.join(installed, name), "utf8").matchAll(/require\("(.*?)"\)/g)].map(([, module]) => module);
      assert.deepEqual(required.filter((module) => !/^(\.|node:)/.test(module)), [], name);
    }
  });

  test("says how the program can be had where its platform's package was not installed", async () => {
    const { code, stdout, stderr } = await run(path.join(folder, "node_modules/.bin/cloudinary-parse"), ["check"], { cwd: folder });
    const platform = `@cloudinary-parse/${process.platform}-${process.arch}`;
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, new RegExp(`^cloudinary-parse: ${platform} is not installed\\. Install again on this system, without --omit=optional: npm install cloudinary-parse@`));
  });

  test("needs nothing of Node.js in what browsers load", () => {
    for (const name of ["client.js", "lib/asset.js", "lib/errors.js", "lib/retries.js", "lib/transport.js"]) {
      assert.doesNotMatch(readFileSync(path.join(PACKAGE, name), "utf8"), /require\("(?!\.)|\bprocess\b|\bBuffer\b(?!,)/, name);
    }
  });

  test("is loaded by import and by require", async () => {
    for (const args of [
      ["-e", 'console.log(typeof require("cloudinary-parse").cloudinaryParse)'],
      ["--input-type=module", "-e", 'import { cloudinaryParse } from "cloudinary-parse"; console.log(typeof cloudinaryParse)'],
      ["-e", 'console.log(typeof require("cloudinary-parse/client").uploadPicture)'],
      ["--input-type=module", "-e", 'import { uploadPicture } from "cloudinary-parse/client"; console.log(typeof uploadPicture)'],
    ]) {
      const { stdout, stderr } = await node(args);
      assert.equal(stdout, "function\n", stderr);
    }
  });

  test("guards a class by the Cloud Code that its README shows", async () => {
    const save = (cloudinaryIdentifier) => rest(stack.parseServer.url, "POST", "/classes/Photo", { body: { cloudinaryIdentifier } });
    const signed = mintIdentifier("cat");
    assert.deepEqual((await save(signed.replace("cat", "dog"))).json, { code: 141, error: "Bad signature" });
    const { objectId } = (await save(signed)).json;
    const { json } = await rest(stack.parseServer.url, "GET", `/classes/Photo/${objectId}`, { master: true });
    assert.equal(json.cloudinaryIdentifier, bare(signed));
    await rest(stack.parseServer.url, "DELETE", `/classes/Photo/${objectId}`, { master: true });
    assert.doesNotMatch(stack.parseServer.output(), /no decision/);
  });

  const scripts = [
    ...blocks("js", path.join(PACKAGE, "README.md")).map((text) => ["its README", text]),
    ...blocks("js", path.join(REPOSITORY, "README.md")).map((text) => ["the project's README", text]),
  ].filter(([, text]) => text.includes("cloudinary-parse/client"));
  for (const [index, [source, text]] of scripts.entries()) {
    test(`does what ${source} shows: ${text.match(/await .*/)[0]}`, async () => {
      writeFileSync(path.join(folder, `script-${index}.mjs`), text);
      const photos = async () => (await rest(stack.parseServer.url, "GET", "/classes/Photo", { master: true })).json.results.length;
      const before = await photos();
      const { code, stdout, stderr } = await node(["--import", "./app.mjs", `script-${index}.mjs`]);
      assert.deepEqual([code, stdout], [0, ""], stderr);
      assert.equal((await photos()) - before, text.includes(".save(") ? 1 : 0);
    });
  }
});
