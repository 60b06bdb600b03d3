// What docs/mobile.md and docs/data-safety.md tell apps of saves: an outage, a queue of saves, whole objects, values in memory, transactions.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startService } from "../../scripts/parse-server/stack.mjs";
import { startServerThat } from "./support/tampering-proxy.mjs";
import { AS_CLIENT, assertRefused, bare, count, create, mintIdentifier, Parse, row, useStack } from "./support/rig.mjs";

const stack = useStack({
  manifests: { "Photo.toml": 'class = "Photo"\n[fields.picture]\nmoderation_field = "status"\n' },
  classes: { Photo: { picture: "String", status: "String", title: "String" } },
});

/** Does something while the service is away. */
async function away(work) {
  const { service } = stack;
  assert.equal(await service.stop("SIGTERM"), 0);
  try {
    return await work();
  } finally {
    const env = { ...service.env, CLOUDINARY_PARSE_BIND: new URL(service.url).host };
    stack.service = await startService({ folder: stack.folder, env });
  }
}

const photo = (attributes) => new Parse.Object("Photo", attributes);

describe("while the service is away", () => {
  test("a save is refused with 141 and Node.js's word of the connection", async () => {
    const host = new URL(stack.service.url).host;
    const error = await away(() => photo({ picture: mintIdentifier("away") }).save().catch((error) => error));
    assert.deepEqual([error.code, error.message], [Parse.Error.SCRIPT_FAILED, `connect ECONNREFUSED ${host}`]);
    assert.equal(await count(stack, "Photo"), 0);
  });

  test("saveEventually drops the save, and rejects nothing", async () => {
    const object = photo({ picture: mintIdentifier("eventually") });
    await away(() => object.saveEventually());
    assert.deepEqual([object.id, await Parse.EventuallyQueue.length()], [undefined, 0]);
    assert.equal(Parse.EventuallyQueue.isPolling(), false);
    assert.equal(await count(stack, "Photo"), 0);
  });

  test("saveEventually keeps a save that Parse Server did not get", async () => {
    const object = photo({ picture: mintIdentifier("offline") });
    const { serverURL } = Parse;
    const gone = await startServerThat(() => {});
    gone.stop();
    Parse.serverURL = `${gone.url}/parse`;
    try {
      await object.saveEventually();
    } finally {
      Parse.EventuallyQueue.stopPoll();
      Parse.serverURL = serverURL;
    }
    assert.equal(await Parse.EventuallyQueue.length(), 1);
    await Parse.EventuallyQueue.sendQueue();
    assert.deepEqual([await Parse.EventuallyQueue.length(), await count(stack, "Photo")], [0, 1]);
  });
});

describe("saves of whole objects", () => {
  const whole = async (id) => {
    const { createdAt, updatedAt, ...columns } = await row(stack, "Photo", id);
    return columns;
  };
  const put = (id, body) => stack.rest("PUT", `/classes/Photo/${id}`, { body, ...AS_CLIENT });

  test("pass with the picture as it is stored, and with its signature still on it", async () => {
    const picture = mintIdentifier("whole", 1700000000);
    const id = await create(stack, "Photo", { picture, title: "a" }, AS_CLIENT);
    for (const held of [bare(picture), picture]) {
      const answer = await put(id, { ...(await whole(id)), picture: held, title: held });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(await whole(id), { objectId: id, picture: bare(picture), title: held });
    }
  });

  test("pass with a verdict that another client's save has cleared, which they do not bring back", async () => {
    const id = await create(stack, "Photo", { picture: mintIdentifier("judged") }, AS_CLIENT);
    assert.equal((await stack.rest("PUT", `/classes/Photo/${id}`, { body: { status: "approved" }, master: true })).status, 200);
    const held = await whole(id);
    assert.equal((await put(id, { picture: mintIdentifier("anew") })).status, 200);
    const answer = await put(id, { ...held, picture: (await whole(id)).picture, title: "late" });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual([(await whole(id)).status, (await whole(id)).title], [undefined, "late"]);
  });

  test("are refused with a picture that another client has replaced", async () => {
    const id = await create(stack, "Photo", { picture: mintIdentifier("first") }, AS_CLIENT);
    const held = await whole(id);
    assert.equal((await put(id, { picture: mintIdentifier("second") })).status, 200);
    assertRefused(await put(id, { ...held, title: "late" }), "Bad signature");
  });
});

test("the JavaScript SDK holds the bare value after a save", async () => {
  const picture = mintIdentifier("held");
  const object = await photo({ picture }).save();
  assert.equal(object.get("picture"), bare(picture));
  const other = mintIdentifier("held-later");
  await object.save({ picture: other });
  assert.equal(object.get("picture"), bare(other));
  await object.save({ title: "and again" });
  assert.equal((await row(stack, "Photo", object.id)).picture, bare(other));
});

describe("batches", () => {
  const requests = (...pictures) => pictures.map((picture) => ({ method: "POST", path: "/parse/classes/Photo", body: { picture } }));

  test("tell each refusal's text", async () => {
    const answer = await stack.rest("POST", "/batch", { body: { requests: requests(mintIdentifier("one"), "image/upload/v1/forged.jpg") } });
    const [taken, refused] = answer.json;
    assert.ok(taken.success.objectId, answer.text);
    assert.deepEqual(refused, { error: { code: 141, error: "Bad signature" } });
  });

  test("of one transaction hide it", async () => {
    const before = await count(stack, "Photo");
    const body = { transaction: true, requests: requests(mintIdentifier("two"), "image/upload/v1/forged.jpg") };
    const answer = await stack.rest("POST", "/batch", { body });
    assert.deepEqual([answer.status, answer.text], [500, '{"code":1,"message":"Internal server error."}']);
    const objects = requests(mintIdentifier("three"), "image/upload/v1/forged.jpg").map(({ body }) => photo(body));
    const errors = await Parse.Object.saveAll(objects, { transaction: true }).catch((errors) => errors);
    assert.deepEqual(errors.map(({ message }) => message), ["Internal server error.", "Internal server error."]);
    assert.equal(await count(stack, "Photo"), before);
  });
});
