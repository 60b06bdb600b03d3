// Guarded classes of every kind: system classes, permissions, chosen ids, big objects and many at once.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefused, bare, count, create, createClass, mintIdentifier, Parse, row, signUp, update, useStack } from "./support/rig.mjs";

let ann;
let bob;
const guard = (name, field = "[fields.picture]") => `class = "${name}"\n${field}\n`;
const stack = useStack({
  manifests: {
    "Note.toml": guard("Note"),
    "Strict.toml": guard("Strict"),
    "Secret.toml": guard("Secret"),
    "Album.toml": guard("Album", "[fields.pictures]\nmany = true\n[fields.cover]\nrequired = true"),
    "_Installation.toml": guard("_Installation"),
    "_Role.toml": guard("_Role"),
  },
  parseServer: { env: { PARSE_SERVER_ALLOW_CUSTOM_OBJECT_ID: "true" } },
  classes: {
    Note: { picture: "String", text: "String", number: "Number", values: "Array" },
    Album: { pictures: "Array", cover: "String" },
  },
  prepare: async () => {
    [ann, bob] = await Promise.all([signUp("ann"), signUp("bob")]);
  },
});

describe("many at once", () => {
  test("saveAll of 50 stores each with its own picture", async () => {
    const notes = Array.from({ length: 50 }, (_, i) => new Parse.Object("Note", { number: i, picture: mintIdentifier(`many/${i}`, 1700000000) }));
    await Parse.Object.saveAll(notes, { useMasterKey: true });
    for (const note of notes) {
      const stored = await row(stack, "Note", note.id);
      assert.equal(stored.picture, bare(mintIdentifier(`many/${stored.number}`, 1700000000)));
    }
  });

  test("saveAll refuses the forged one of 50 alone", async () => {
    const before = await count(stack, "Note");
    const notes = Array.from({ length: 50 }, (_, i) => new Parse.Object("Note", { number: i, picture: mintIdentifier(`some/${i}`) }));
    notes[17].set("picture", mintIdentifier("genuine").replace("genuine", "other"));
    const error = await Parse.Object.saveAll(notes, { batchSize: 50, useMasterKey: true }).then(() => undefined, (reason) => reason);
    assert.match(JSON.stringify(error.errors ?? error), /Bad signature/);
    assert.equal(await count(stack, "Note"), before + 49);
  });
});

describe("big and odd values", () => {
  test("a 4 MB object is created and updated with a picture", async () => {
    const text = "0123456789abcdef".repeat(256 * 1024);
    const id = await create(stack, "Note", { text, picture: mintIdentifier("big/1") });
    const changed = text.replace("0", "X");
    const signed = mintIdentifier("big/2");
    await update(stack, "Note", id, { text: changed, picture: signed });
    const stored = await row(stack, "Note", id);
    assert.equal(stored.picture, bare(signed));
    assert.ok(stored.text === changed, "the 4 MB text is not what was saved");
  });

  test("doubles come back to the last digit", async () => {
    let state = 7;
    const next = () => (state = (state * 16807) % 2147483647) / 2147483647;
    const values = Array.from({ length: 2000 }, () => (next() - 0.5) * 10 ** Math.floor(next() * 600 - 300));
    const id = await create(stack, "Note", { values, number: 0.1 + 0.2, picture: mintIdentifier("doubles") });
    const stored = await row(stack, "Note", id);
    assert.deepEqual(stored.values, values);
    assert.equal(stored.number, 0.30000000000000004);
  });

  test("lone surrogates do no harm to the save that holds them", async () => {
    const text = '{"text":"a\\ud83d","picture":"PICTURE"}';
    const plain = await stack.rest("POST", "/classes/Note", { master: true, text: text.replace(',"picture":"PICTURE"', "") });
    const signed = mintIdentifier("surrogates");
    const answer = await stack.rest("POST", "/classes/Note", { master: true, text: text.replace("PICTURE", signed) });
    assert.equal(answer.status, 201, answer.text);
    const stored = await row(stack, "Note", answer.json.objectId);
    assert.deepEqual([stored.text, stored.picture], [(await row(stack, "Note", plain.json.objectId)).text, bare(signed)]);
  });
});

describe("an album of many pictures", () => {
  const cover = () => mintIdentifier("cover");

  test("takes pictures by Set, Add and AddUnique and gives them up by Remove", async () => {
    const [one, two, three] = ["one", "two", "three"].map((name) => mintIdentifier(name));
    const id = await create(stack, "Album", { pictures: [one], cover: cover() });
    await update(stack, "Album", id, { pictures: { __op: "Add", objects: [two] } });
    await update(stack, "Album", id, { pictures: { __op: "AddUnique", objects: [two, three] } });
    assert.deepEqual((await row(stack, "Album", id)).pictures.sort(), [one, two, three].map(bare).sort());
    await update(stack, "Album", id, { pictures: { __op: "Remove", objects: [bare(two), three] } });
    assert.deepEqual((await row(stack, "Album", id)).pictures, [bare(one)]);
  });

  test("refuses one forged picture among genuine ones, however it is added", async () => {
    const genuine = mintIdentifier("genuine");
    const forged = genuine.replace("genuine", "other");
    const id = await create(stack, "Album", { pictures: [genuine], cover: cover() });
    for (const pictures of [[genuine, forged], { __op: "Add", objects: [forged] }, { __op: "AddUnique", objects: [genuine, forged] }]) {
      assertRefused(await stack.rest("PUT", `/classes/Album/${id}`, { body: { pictures } }), "Bad signature");
    }
    assert.deepEqual((await row(stack, "Album", id)).pictures, [bare(genuine)]);
  });

  test("refuses to go without its required cover, by class and field", async () => {
    const id = await create(stack, "Album", { cover: cover() });
    for (const answer of [
      await stack.rest("POST", "/classes/Album", { body: {} }),
      await stack.rest("PUT", `/classes/Album/${id}`, { body: { cover: null } }),
      await stack.rest("PUT", `/classes/Album/${id}`, { body: { cover: { __op: "Delete" } } }),
    ]) {
      assert.equal(answer.json.code, 141, answer.text);
      assert.match(answer.json.error, /^Album\.cover: is required/);
    }
  });
});

describe("system classes", () => {
  test("an _Installation is saved with its picture", async () => {
    const signed = mintIdentifier("installation");
    const body = { installationId: crypto.randomUUID(), deviceType: "ios", deviceToken: "ab".repeat(32), badge: 1, picture: signed };
    const answer = await stack.rest("POST", "/installations", { body });
    assert.equal(answer.status, 201, answer.text);
    const path = `/installations/${answer.json.objectId}`;
    const changed = await stack.rest("PUT", path, { body: { badge: { __op: "Increment", amount: 2 }, picture: mintIdentifier("installation/2") } });
    assert.equal(changed.status, 200, changed.text);
    const { json } = await stack.rest("GET", path, { master: true });
    assert.deepEqual([json.badge, json.deviceToken], [3, body.deviceToken]);
    assert.match(json.picture, /installation\/2\.jpg$/);
    assertRefused(await stack.rest("PUT", path, { body: { picture: signed.replace("installation", "x") } }), "Bad signature");
  });

  test("a _Role keeps its users and roles when its picture changes", async () => {
    const pointer = { __type: "Pointer", className: "_User", objectId: ann.id };
    const body = { name: "editors", ACL: { "*": { read: true } }, users: { __op: "AddRelation", objects: [pointer] }, picture: mintIdentifier("role/1") };
    const created = await stack.rest("POST", "/roles", { master: true, body });
    assert.equal(created.status, 201, created.text);
    const signed = mintIdentifier("role/2");
    const path = `/roles/${created.json.objectId}`;
    const bobs = { __op: "AddRelation", objects: [{ ...pointer, objectId: bob.id }] };
    const changed = await stack.rest("PUT", path, { master: true, body: { picture: signed, users: bobs } });
    assert.equal(changed.status, 200, changed.text);
    const stored = (await stack.rest("GET", path, { master: true })).json;
    assert.deepEqual([stored.name, stored.picture], ["editors", bare(signed)]);
    const members = new Parse.Query(Parse.User).equalTo("objectId", ann.id);
    const role = await new Parse.Query(Parse.Role).equalTo("users", await members.first({ useMasterKey: true })).first({ useMasterKey: true });
    assert.equal(role?.id, created.json.objectId);
    assertRefused(await stack.rest("PUT", path, { master: true, body: { picture: signed.replace("role", "x") } }), "Bad signature");
  });
});

describe("permissions", () => {
  const everyone = { find: { "*": true }, get: { "*": true }, create: { "*": true }, update: { "*": true } };

  test("class-level permissions refuse before the guard is asked, and let through what they allow", async () => {
    await createClass(stack, "Strict", { picture: "String" }, { classLevelPermissions: { ...everyone, create: { requiresAuthentication: true } } });
    const body = { picture: mintIdentifier("strict") };
    const stranger = await stack.rest("POST", "/classes/Strict", { body });
    assert.notEqual(stranger.json.code, 141, stranger.text);
    assert.equal(stranger.status >= 400, true, stranger.text);
    const allowed = await stack.rest("POST", "/classes/Strict", { body, session: ann.getSessionToken() });
    assert.equal(allowed.status, 201, allowed.text);
    assert.equal((await row(stack, "Strict", allowed.json.objectId)).picture, bare(body.picture));
  });

  test("an ACL keeps strangers from changing a picture, and its owner may", async () => {
    const id = await create(stack, "Note", { picture: mintIdentifier("acl/1"), ACL: { [ann.id]: { read: true, write: true } } });
    const body = { picture: mintIdentifier("acl/2") };
    const stranger = await stack.rest("PUT", `/classes/Note/${id}`, { body, session: bob.getSessionToken() });
    assert.deepEqual([stranger.status, stranger.json.code], [404, 101]);
    assert.equal((await stack.rest("PUT", `/classes/Note/${id}`, { body, session: ann.getSessionToken() })).status, 200);
    const stored = await row(stack, "Note", id);
    assert.deepEqual([stored.picture, stored.ACL], [bare(body.picture), { [ann.id]: { read: true, write: true } }]);
  });

  test("a protected field stays what it is, and hidden, when a user who cannot read it changes the picture", async () => {
    await createClass(
      stack,
      "Secret",
      { picture: "String", salary: "Number", public: "String" },
      { classLevelPermissions: { ...everyone, protectedFields: { "*": ["salary"] } } },
    );
    const id = await create(stack, "Secret", { picture: mintIdentifier("secret/1"), salary: 100, public: "yes" });
    const signed = mintIdentifier("secret/2");
    const answer = await stack.rest("PUT", `/classes/Secret/${id}`, { body: { picture: signed }, session: ann.getSessionToken() });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.text.includes("salary"), false, answer.text);
    const stored = await row(stack, "Secret", id);
    assert.deepEqual([stored.picture, stored.salary, stored.public], [bare(signed), 100, "yes"]);
    const seen = await stack.rest("GET", `/classes/Secret/${id}`, { session: ann.getSessionToken() });
    assert.equal("salary" in seen.json, false);
  });

  test("a protected picture can be changed by a user who cannot read it", async () => {
    await stack.rest("PUT", "/schemas/Secret", {
      master: true,
      body: { classLevelPermissions: { ...everyone, protectedFields: { "*": ["picture"] } } },
    });
    const first = mintIdentifier("hidden/1");
    const id = await create(stack, "Secret", { picture: first, salary: 5 });
    const signed = mintIdentifier("hidden/2");
    const answer = await stack.rest("PUT", `/classes/Secret/${id}`, { body: { picture: signed }, session: ann.getSessionToken() });
    assert.equal(answer.status, 200, answer.text);
    const stored = await row(stack, "Secret", id);
    assert.deepEqual([stored.picture, stored.salary], [bare(signed), 5]);
    assertRefused(await stack.rest("PUT", `/classes/Secret/${id}`, { body: { picture: signed.replace("hidden", "x") } }), "Bad signature");
  });
});

describe("chosen object ids", () => {
  test("stay as chosen when a picture comes with them", async () => {
    const signed = mintIdentifier("chosen");
    const answer = await stack.rest("POST", "/classes/Note", { body: { objectId: "my-own-id", picture: signed, text: "chosen" } });
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.json.objectId, "my-own-id");
    const stored = await row(stack, "Note", "my-own-id");
    assert.deepEqual([stored.picture, stored.text], [bare(signed), "chosen"]);
  });

  test("are refused a second time as without the guard", async () => {
    const body = { objectId: "taken", picture: mintIdentifier("taken") };
    assert.equal((await stack.rest("POST", "/classes/Note", { body })).status, 201);
    const again = await stack.rest("POST", "/classes/Note", { body });
    assert.equal(again.json.code, 137, again.text);
  });
});
