// Parse Server and the service share a key: with the wrong one every save is refused, and Parse Server survives it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startService } from "../../scripts/parse-server/stack.mjs";
import { bare, count, create, mintIdentifier, PARSE, row, useStack } from "./support/rig.mjs";

const MANIFESTS = { "Note.toml": 'class = "Note"\n[fields.picture]\n' };
const classes = { Note: { picture: "String", text: "String" } };
const FOUR_MEGABYTES = "x".repeat(4 * 1024 * 1024);

/** A refusal that Parse Server makes of an HTTP status: code 141 and no word of the service's internals. */
function assertRefusedByStatus(answer, status) {
  assert.equal(answer.status, 400, answer.text);
  assert.equal(answer.json.code, 141, answer.text);
  assert.equal(answer.json.error.status, status, answer.text);
  assert.equal(answer.text.includes(PARSE.webhookKey), false);
}

describe("with the wrong webhook key", () => {
  const stack = useStack({ manifests: MANIFESTS, classes, env: { PARSE_SERVER_WEBHOOK_KEY: "another key" }, register: ["--no-probe"] });

  test("every save is refused, whatever it holds", async () => {
    for (const body of [{ picture: mintIdentifier("genuine") }, { text: "no picture" }, {}]) {
      assertRefusedByStatus(await stack.rest("POST", "/classes/Note", { body, master: true }), 401);
    }
    assert.equal(await count(stack, "Note"), 0);
  });

  test("a save of 4 MB is refused as well, and Parse Server survives", async () => {
    for (let round = 0; round < 5; round++) {
      const answer = await stack.rest("POST", "/classes/Note", { body: { text: FOUR_MEGABYTES }, master: true });
      assert.equal(answer.status, 400, answer.text.slice(0, 200));
      assert.equal(answer.json.code, 141);
    }
    assert.equal(await count(stack, "Note"), 0);
    assert.equal(stack.parseServer.isRunning(), true);
  });

  test("20 saves of 4 MB at once do not bring Parse Server down", async () => {
    const body = { text: FOUR_MEGABYTES };
    const answers = await Promise.all(Array.from({ length: 20 }, () => stack.rest("POST", "/classes/Note", { body, master: true })));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([400]));
    assert.equal(await count(stack, "Note"), 0);
    assert.equal(stack.parseServer.isRunning(), true);
  });
});

describe("with the right webhook key", () => {
  const stack = useStack({ manifests: MANIFESTS, classes });

  test("a service that is down refuses saves, and a restarted one serves them", async () => {
    const { service } = stack;
    assert.equal(await service.stop(), 0, service.output());
    const down = await stack.rest("POST", "/classes/Note", { body: { text: "lost" }, master: true });
    assert.deepEqual([down.status, down.json.code], [400, 141]);
    assert.equal(await count(stack, "Note"), 0);
    stack.service = await startService({ folder: stack.folder, env: { ...service.env, CLOUDINARY_PARSE_BIND: new URL(service.url).host } });
    const signed = mintIdentifier("back");
    const id = await create(stack, "Note", { picture: signed });
    assert.equal((await row(stack, "Note", id)).picture, bare(signed));
  });

  test("the previous key is accepted during rotation, any other is not", async () => {
    const { service } = stack;
    await service.stop();
    const env = { ...service.env, CLOUDINARY_PARSE_BIND: new URL(service.url).host, PARSE_SERVER_WEBHOOK_KEY: "the next key" };
    stack.service = await startService({ folder: stack.folder, env: { ...env, PARSE_SERVER_WEBHOOK_KEY_PREVIOUS: PARSE.webhookKey } });
    const signed = mintIdentifier("rotated");
    const id = await create(stack, "Note", { picture: signed });
    assert.equal((await row(stack, "Note", id)).picture, bare(signed));

    await stack.service.stop();
    stack.service = await startService({ folder: stack.folder, env: { ...env, PARSE_SERVER_WEBHOOK_KEY_PREVIOUS: "another" } });
    assertRefusedByStatus(await stack.rest("POST", "/classes/Note", { body: { picture: signed }, master: true }), 401);
  });
});
