// Options of Parse Server that change the way of a save, or what is told of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, bare, count, create, mintIdentifier, Parse, row, update, useStack } from "./support/rig.mjs";

const stack = useStack({
  manifests: { "Photo.toml": 'class = "Photo"\n[fields.picture]\n' },
  classes: { Photo: { picture: "String", title: "String" } },
  parseServer: {
    env: {
      PARSE_SERVER_MOUNT_PATH: "/api/v1",
      PARSE_SERVER_DIRECT_ACCESS: "false",
      PARSE_SERVER_EXPERIMENTAL_IDEMPOTENCY_OPTIONS: JSON.stringify({ paths: ["classes/.*"], ttl: 60 }),
      PARSE_SERVER_LIVE_QUERY: JSON.stringify({ classNames: ["Photo"] }),
      PARSE_SERVER_START_LIVE_QUERY_SERVER: "true",
    },
  },
});

const CLIENT = {};
const save = (picture, headers) => stack.rest("POST", "/classes/Photo", { body: { picture }, headers });

test("under a mount path of its own, hooks are registered and guard", async () => {
  assert.match(stack.parseServer.url, /\/api\/v1$/);
  assertRefused(await save("image/upload/v1/a.jpg#forged"), "Bad signature");
  const signed = mintIdentifier("mounted");
  const id = await create(stack, "Photo", { picture: signed }, CLIENT);
  assert.equal((await row(stack, "Photo", id)).picture, bare(signed));
});

test("without direct access, the saves of a batch are guarded one by one", async () => {
  const signed = mintIdentifier("batch");
  const requests = [signed, "image/upload/v1/a.jpg#forged"].map((picture) => ({ method: "POST", path: "/api/v1/classes/Photo", body: { picture } }));
  const answer = await stack.rest("POST", "/batch", { body: { requests } });
  assert.equal(answer.status, 200, answer.text);
  const [accepted, refused] = answer.json;
  assert.deepEqual(refused, { error: { code: 141, error: "Bad signature" } });
  assert.equal((await row(stack, "Photo", accepted.success.objectId)).picture, bare(signed));
});

test("with idempotency, a request that is repeated is refused by Parse Server and stores nothing", async () => {
  const once = { "X-Parse-Request-Id": "the same request" };
  const before = await count(stack, "Photo");
  assert.equal((await save(mintIdentifier("once"), once)).status, 201);
  const again = await save(mintIdentifier("once"), once);
  assert.deepEqual([again.status, again.json], [400, { code: 159, error: "Duplicate request" }]);
  assert.equal(await count(stack, "Photo"), before + 1);
});

test("a live query is told of the picture without its signature", async (t) => {
  Parse.liveQueryServerURL = stack.parseServer.url.replace(/^http/, "ws").replace(/\/api\/v1$/, "");
  const subscription = await new Parse.Query("Photo").subscribe();
  t.after(() => Parse.LiveQuery.close());
  const told = (event) => new Promise((resolve) => subscription.on(event, (photo) => resolve(photo.get("picture"))));
  const [created, updated] = [told("create"), told("update")];
  const [first, second] = [mintIdentifier("live"), mintIdentifier("live again")];
  const id = await create(stack, "Photo", { picture: first, ACL: { "*": { read: true, write: true } } }, CLIENT);
  await update(stack, "Photo", id, { picture: second, title: "b" }, CLIENT);
  assert.deepEqual([await created, await updated], [bare(first), bare(second)]);
});
