// docs/cloud-code.md's way from a webhook to Cloud Code, step by step, with the code that it shows.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { freePort } from "../../scripts/parse-server/processes.mjs";
import { REPOSITORY, startParseServer } from "../../scripts/parse-server/stack.mjs";
import { assertRefused, bare, mintIdentifier, row, until, useStack, VERSION } from "./support/rig.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-moving-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const database = path.join(folder, "database");
const cloud = path.join(folder, "cloud.cjs");
const shown = [...readFileSync(path.join(REPOSITORY, "docs/cloud-code.md"), "utf8").matchAll(/^```js\n(.*?)^```/gms)].at(-1)[1];
const required = JSON.stringify(path.join(REPOSITORY, "npm/cloudinary-parse"));
writeFileSync(cloud, `const { cloudinaryParse } = require(${required});\nconst pictures = cloudinaryParse();\n${shown}`);

const address = `127.0.0.1:${await freePort()}`;
const FIELDS = "[fields.cloudinaryIdentifier]\n";
const stack = useStack({
  manifests: { "Photo.toml": `class = "Photo"\n${FIELDS}` },
  env: { CLOUDINARY_PARSE_BIND: address },
  parseServer: { database },
  classes: { Photo: { cloudinaryIdentifier: "String", title: "String" } },
});
const env = { PARSE_SERVER_CLOUD: cloud, CLOUDINARY_PARSE_PUBLIC_URL: `http://${address}` };

const save = (cloudinaryIdentifier, title) => stack.rest("POST", "/classes/Photo", { body: { cloudinaryIdentifier, ...(title && { title }) } });
const forged = mintIdentifier("cat").replace("cat", "dog");

async function assertGuarded() {
  assertRefused(await save(forged, "a"), "Bad signature");
  const signed = mintIdentifier("cat");
  const answer = await save(signed, "a");
  assert.equal(answer.status, 201, answer.text);
  assert.equal((await row(stack, "Photo", answer.json.objectId)).cloudinaryIdentifier, bare(signed));
}

async function restartParseServer() {
  const port = Number(new URL(stack.parseServer.url).port);
  await stack.parseServer.stop();
  stack.parseServer = await startParseServer(stack.folder, { database, port, env });
}

test("a webhook guards the class", assertGuarded);

test("it goes on doing so while the manifest already says that Cloud Code will call", async () => {
  writeFileSync(path.join(stack.webhooks, "Photo.toml"), `class = "Photo"\ncalled_from = "cloud_code"\n${FIELDS}`);
  process.kill(stack.service.pid, "SIGHUP");
  await until("the manifest to be loaded", () => /Photo\.beforeSave is registered as .*, but no manifest names it/.test(stack.service.output()));
  await assertGuarded();
});

test("so it does after a restart with the Cloud Code, by which of the two this Parse Server takes", async () => {
  await restartParseServer();
  await assertGuarded();
  const untitled = await save(mintIdentifier("cat"));
  if (VERSION === 5) assert.equal(untitled.status, 201, "the webhook is called");
  else assertRefused(untitled, "A title, please");
});

test("removing the hook says what it does to the running process", async () => {
  const { code, stdout, stderr } = await stack.cli(["register", "--prune"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^removed +Photo\.beforeSave/m);
  assert.match(stderr, /removing a hook also takes Cloud Code for the same class and trigger, or function, out of force until Parse Server restarts/);
  assert.equal((await save(forged, "a")).status, 201, "nothing checks saves of this process any more");
});

test("from the next restart on Cloud Code guards the class, and the app's own code runs", async () => {
  await restartParseServer();
  await assertGuarded();
  assertRefused(await save(mintIdentifier("cat")), "A title, please");
  const { stdout } = await stack.cli(["register", "--dry-run"]);
  assert.match(stdout, /no drift/);
});
