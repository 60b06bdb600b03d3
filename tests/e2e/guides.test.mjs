// docs/migrating-from-cloudinary-cloud-module.md and docs/existing-app.md, step by step: while an app moves to this service, no forged
// picture is stored at any moment.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startParseServer } from "../../scripts/parse-server/stack.mjs";
import { ACCOUNT, AS_CLIENT, assertRefused, bare, create, identifier, mintIdentifier, put, row, signUp, update, useStack } from "./support/rig.mjs";

const SIGN = 'function = "sign_cloudinary_upload_request"\naction = "sign_upload"\naccess = "user"\n[upload]\ntags = "{user.username}"\n';
const THUMBNAIL =
  'function = "photo_thumbnail_url"\naction = "delivery_url"\nclass = "Photo"\nfield = "cloudinaryIdentifier"\n[url]\ncrop = "fill"\nwidth = 150\nheight = 100\n';
const PHOTO = 'class = "Photo"\n\n[fields.cloudinaryIdentifier]\n';

describe("from Cloudinary's Cloud Code module", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-guides-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const database = path.join(folder, "database");
  const withModule = { PARSE_SERVER_CLOUD: path.join(import.meta.dirname, "support/module-cloud-code.cjs"), MODULE_ACCOUNT: JSON.stringify(ACCOUNT) };
  const stack = useStack({
    register: false,
    manifests: { "Photo.toml": PHOTO, "sign.toml": SIGN, "url.toml": THUMBNAIL },
    parseServer: { database, env: withModule },
    classes: { Photo: { cloudinaryIdentifier: "String", title: "String" } },
    prepare: async () => {
      user = await signUp("migrating");
      forging = forge();
    },
  });
  let user, old, forging;
  let isOver = false;
  let isGivenUp = false;
  after(() => { isOver = isGivenUp = true; });

  /** Saves forged pictures all the time, at least 20 of them; what became of them. */
  async function forge() {
    const answers = [];
    while (!isOver || (answers.length < 20 && !isGivenUp)) {
      const forged = mintIdentifier("cat").replace("cat", `dog-${answers.length}`);
      const save = stack.rest("POST", "/classes/Photo", { body: { cloudinaryIdentifier: forged } }).catch(() => undefined);
      // A server that is being stopped may never answer.
      const answer = await Promise.race([save, sleep(5_000)]);
      if (answer) answers.push(answer);
      await sleep(20);
    }
    return answers;
  }

  const call = (name, body = {}) => stack.rest("POST", `/functions/${name}`, { body, session: user.getSessionToken() });

  async function assertServed(scheme) {
    const signed = await call("sign_cloudinary_upload_request");
    assert.equal(signed.json.result?.tags, user.getUsername(), signed.text);
    const text = identifier(await put(stack, "kitten"));
    const id = await create(stack, "Photo", { cloudinaryIdentifier: text }, AS_CLIENT);
    assert.equal((await row(stack, "Photo", id)).cloudinaryIdentifier, bare(text));
    const { json } = await call("photo_thumbnail_url", { objectId: id });
    assert.match(json.result?.url ?? JSON.stringify(json), new RegExp(`^${scheme}://\\S+/c_fill,h_100,w_150/v\\d+/kitten.png$`));
    return id;
  }

  async function restartWithoutModule() {
    const port = Number(new URL(stack.parseServer.url).port);
    await stack.parseServer.stop();
    stack.parseServer = await startParseServer(stack.folder, { database, port });
  }

  test("the module serves the app, with the service beside it", async () => {
    old = await assertServed("http");
    const { code, stderr } = await stack.cli(["check", "--strict"]);
    assert.equal(code, 0, stderr);
  });

  test("registering puts the service in its place at once", async () => {
    const { code, stdout, stderr } = await stack.cli(["register", "--wait", "60s"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^added +Photo\.beforeSave/m);
    await assertServed("http");
    const folders = identifier(await put(stack, "users/u1/kitten"));
    await create(stack, "Photo", { cloudinaryIdentifier: folders }, AS_CLIENT);
  });

  test("so it is after the restart without the module's code", async () => {
    await restartWithoutModule();
    await assertServed("http");
    const { code, stdout } = await stack.cli(["doctor"]);
    assert.equal(code, 0, stdout);
  });

  test("what the module stored is shown, saved again and audited", async () => {
    const { cloudinaryIdentifier } = await row(stack, "Photo", old);
    assert.match(cloudinaryIdentifier, /^image\/upload\/v\d+\/kitten\.png$/);
    await update(stack, "Photo", old, { cloudinaryIdentifier, title: "again" }, AS_CLIENT);
    const { json } = await call("photo_thumbnail_url", { objectId: old });
    assert.match(json.result.url, /kitten\.png$/);
    const { code, stdout } = await stack.cli(["audit"]);
    assert.equal(code, 0);
    assert.match(stdout, /^malformed +0\nURLs +0 /m);
  });

  test("at no moment was a forged picture stored", async () => {
    isOver = true;
    const answers = await forging;
    assert.ok(answers.length >= 20, String(answers.length));
    assert.deepEqual(answers.filter(({ status }) => status === 201), []);
  });
});

describe("an app with rows", () => {
  const host = `https://res.cloudinary.com/${ACCOUNT.cloud_name}`;
  const stack = useStack({
    register: false,
    manifests: { "Photo.toml": 'class = "Photo"\n\n[fields.cloudinaryIdentifier]\nfolder = "users/{user.objectId}"\n' },
    classes: { Photo: { cloudinaryIdentifier: "String" } },
  });
  const rows = {};

  test("looks first, and strips", async () => {
    const cat = identifier(await put(stack, "users/u1/cat"));
    rows.cat = bare(cat);
    rows.url = await create(stack, "Photo", { cloudinaryIdentifier: `${host}/image/upload/c_fill,w_150/v1/users/u1/cat.jpg` });
    rows.left = await create(stack, "Photo", { cloudinaryIdentifier: cat });
    rows.foreign = await create(stack, "Photo", { cloudinaryIdentifier: "https://example.com/cat.jpg" });
    rows.legacy = await create(stack, "Photo", { cloudinaryIdentifier: "cat.jpg" });
    const { code, stdout } = await stack.cli(["audit"]);
    assert.equal(code, 0);
    for (const line of [
      `left-over signature: Photo ${rows.left} cloudinaryIdentifier: ${rows.cat}`,
      `malformed: Photo ${rows.legacy} cloudinaryIdentifier: cat.jpg: expected resource_type/type/vVERSION/public_id`,
      `delivery URL: Photo ${rows.url} cloudinaryIdentifier: ${host}/image/upload/c_fill,w_150/v1/users/u1/cat.jpg: names ${rows.cat}`,
      `kept URL: Photo ${rows.foreign} cloudinaryIdentifier: https://example.com/cat.jpg: not a delivery URL of this account: its host or its cloud name is another`,
    ]) assert.ok(stdout.split("\n").includes(line), `${line}\n${stdout}`);
    assert.equal((await stack.cli(["audit", "--fix", "strip"])).code, 0);
    assert.equal((await row(stack, "Photo", rows.left)).cloudinaryIdentifier, rows.cat);
  });

  test("turns the guard on, and old rows can be saved", async () => {
    assert.equal((await stack.cli(["register", "--dry-run"])).code, 2);
    assert.equal((await stack.cli(["register"])).code, 0);
    assert.equal((await stack.cli(["doctor"])).code, 0);
    const legacy = { cloudinaryIdentifier: "cat.jpg" };
    await update(stack, "Photo", rows.legacy, legacy, AS_CLIENT);
    assertRefused(await stack.rest("PUT", `/classes/Photo/${rows.foreign}`, { body: legacy }), "Photo.cloudinaryIdentifier: expected resource_type/type/vVERSION/public_id");
  });

  test("rewrites URLs", async () => {
    const { code, stdout, stderr } = await stack.cli(["audit", "--fix", "urls"]);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.split("\n").includes(`rewritten: Photo ${rows.url} cloudinaryIdentifier`), stdout);
    assert.equal((await row(stack, "Photo", rows.url)).cloudinaryIdentifier, rows.cat);
    assert.equal((await row(stack, "Photo", rows.foreign)).cloudinaryIdentifier, "https://example.com/cat.jpg");
  });
});
