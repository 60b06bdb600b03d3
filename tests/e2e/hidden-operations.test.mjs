// A dotted operation beside its own plain key is in no webhook's sight: Parse Server shows the plain value and stores the operation as
// well after `{}`. Each that reached a guarded field once, by name.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AS_CLIENT, assertRefused, bare, contextFor, create, mintIdentifier, row, update, useStack } from "./support/rig.mjs";

const stack = useStack({
  manifests: {
    "Album.toml": 'class = "Album"\n[fields.images]\nmany = true\n',
    "Shelf.toml": 'class = "Shelf"\n[fields.images]\nmany = true\nrequired = true\n',
    "Photo.toml": 'class = "Photo"\n[fields.pic]\nmoderation_field = "status"\neager_field = "thumbs"\n',
    "Fresh.toml": 'class = "Fresh"\n[fields.pic]\nmoderation_field = "status"\n',
  },
  classes: {
    Album: { images: "Array", meta: "Object", count: "Number" },
    Shelf: { images: "Array" },
    Photo: { pic: "String", status: "String", thumbs: "Array", title: "String", meta: "Object" },
    Fresh: { pic: "String", status: "String" },
  },
});

const UNSIGNED = "image/upload/v1/x.jpg";
const add = (text = UNSIGNED) => ({ __op: "Add", objects: [text] });
const DELETE = { __op: "Delete" };
const STORED = mintIdentifier("stored", 1700000000);
const NEW = mintIdentifier("new", 1700000001);
const THUMBS = ["https://res.example/thumb.jpg"];

const post = (className, body) => stack.rest("POST", `/classes/${className}`, { body });
const put = (className, id, body, context) => stack.rest("PUT", `/classes/${className}/${id}`, { body, context });

/** A row of each class with a picture in it, and what Cloudinary said about that. */
const album = () => create(stack, "Album", { images: [STORED], meta: { views: 1 }, count: 1 }, AS_CLIENT);
const shelf = () => create(stack, "Shelf", { images: [STORED] }, AS_CLIENT);
const photo = () => create(stack, "Photo", { pic: STORED, status: "approved", thumbs: THUMBS, title: "a title", meta: { views: 1 } });

/** What a row holds, but for what Parse Server itself sets. */
async function stored(className, id) {
  const { objectId, createdAt, updatedAt, ...fields } = await row(stack, className, id);
  return fields;
}

async function dropColumn(className, column) {
  const body = { className, fields: { [column]: DELETE } };
  const answer = await stack.rest("PUT", `/schemas/${className}`, { master: true, body });
  // 255: it does not exist.
  assert.ok(answer.status === 200 || answer.json.code === 255, answer.text);
}

async function columnTypes(className, columns) {
  const answer = await stack.rest("GET", `/schemas/${className}`, { master: true });
  return columns.map((column) => answer.json.fields[column]?.type);
}

describe("on create", () => {
  for (const [name, images, expected] of [
    ["an empty array", [], []],
    ["a signed picture", [NEW], [bare(NEW)]],
  ]) {
    for (const key of ["images.0", "images.1", "images.x"]) {
      test(`an Add to ${key} beside ${name} is not stored`, async () => {
        const answer = await post("Album", { images, [key]: add() });
        assert.equal(answer.status, 201, answer.text);
        assert.deepEqual(await stored("Album", answer.json.objectId), { images: expected });
        await update(stack, "Album", answer.json.objectId, { images: [NEW] });
      });
    }
  }

  test("an Add to an element beside a signed picture does not empty a required field", async () => {
    const answer = await post("Shelf", { images: [NEW], "images.0": DELETE });
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(await stored("Shelf", answer.json.objectId), { images: [bare(NEW)] });
  });

  for (const plain of [null, DELETE]) {
    test(`an operation beside ${JSON.stringify(plain)} does not make the missing column an object`, async () => {
      await dropColumn("Fresh", "pic");
      const answer = await post("Fresh", { pic: plain, "pic.x": add() });
      assert.equal(answer.status, 201, answer.text);
      await update(stack, "Fresh", answer.json.objectId, { pic: NEW }, AS_CLIENT);
      assert.deepEqual(await stored("Fresh", answer.json.objectId), { pic: bare(NEW) });
      assert.deepEqual(await columnTypes("Fresh", ["pic"]), ["String"]);
    });
  }
});

describe("on update", () => {
  // Some of them Parse Server itself refuses: what is stored is what matters.
  for (const [key, operation] of [
    ["images.0", add()],
    ["images.1", add()],
    ["images.1", { __op: "AddUnique", objects: [UNSIGNED] }],
    ["images.1", { __op: "Increment", amount: 1 }],
    ["images.x", add()],
    ["images.0", DELETE],
    ["images.0.x", add()],
  ]) {
    const name = `${operation.__op} to ${key}`;

    test(`${name} beside the stored array changes nothing`, async () => {
      const id = await album();
      await put("Album", id, { images: [bare(STORED)], [key]: operation });
      assert.deepEqual(await stored("Album", id), { images: [bare(STORED)], meta: { views: 1 }, count: 1 });
    });

    test(`${name} beside a new array is not stored`, async () => {
      const id = await album();
      const answer = await put("Album", id, { images: [STORED, NEW], [key]: operation });
      const expected = answer.status === 200 ? [bare(STORED), bare(NEW)] : [bare(STORED)];
      assert.deepEqual((await stored("Album", id)).images, expected);
    });

    test(`${name} beside a new array in context mode is not stored`, async () => {
      const id = await album();
      const [text, signature] = NEW.split("#");
      const context = { cloudinary: { images: { [text]: signature } } };
      const answer = await put("Album", id, { images: [text], [key]: operation }, context);
      assert.deepEqual((await stored("Album", id)).images, answer.status === 200 ? [text] : [bare(STORED)]);
    });

    test(`${name} alone leaves nothing that was not there`, async () => {
      const id = await album();
      await put("Album", id, { [key]: operation });
      assert.deepEqual(await stored("Album", id), { images: [bare(STORED)], meta: { views: 1 }, count: 1 });
    });
  }

  test("a Delete of the only element beside it does not empty a required field", async () => {
    const id = await shelf();
    const answer = await put("Shelf", id, { images: [bare(STORED)], "images.0": DELETE });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await stored("Shelf", id), { images: [bare(STORED)] });
  });

  test("a Delete of the only element of a required field is refused", async () => {
    const id = await shelf();
    const answer = await put("Shelf", id, { "images.0": DELETE });
    assert.equal(answer.json.code, 141, answer.text);
    assert.deepEqual(await stored("Shelf", id), { images: [bare(STORED)] });
  });

  for (const plain of [null, DELETE]) {
    test(`an operation beside ${JSON.stringify(plain)} does not make the missing column an object`, async () => {
      await dropColumn("Fresh", "pic");
      const id = await create(stack, "Fresh", { title: "a title" });
      // Parse Server cannot clear a column that PostgreSQL does not have.
      await put("Fresh", id, { pic: plain, "pic.x": add() });
      await update(stack, "Fresh", id, { pic: NEW }, AS_CLIENT);
      assert.deepEqual(await stored("Fresh", id), { pic: bare(NEW), title: "a title" });
      assert.deepEqual(await columnTypes("Fresh", ["pic"]), ["String"]);
    });
  }

  test("an operation on a text beside it does not reach the text", async () => {
    const id = await photo();
    const answer = await put("Photo", id, { pic: bare(STORED), "pic.x": add(), title: "another" });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await stored("Photo", id), { pic: bare(STORED), status: "approved", thumbs: THUMBS, title: "another", meta: { views: 1 } });
  });

  test("an operation in context mode does not reach the text", async () => {
    const id = await photo();
    const answer = await put("Photo", id, { pic: bare(NEW), "pic.x": add() }, contextFor("pic", NEW));
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await stored("Photo", id), { pic: bare(NEW), title: "a title", meta: { views: 1 } });
  });

  for (const [name, body] of [
    ["an Add beside the stored array", { thumbs: THUMBS, "thumbs.1": add() }],
    ["a Delete beside the stored array", { thumbs: THUMBS, "thumbs.0": DELETE }],
    ["a dotted Add alone", { "thumbs.0": add() }],
    ["a dotted text alone", { "status.x": "approved" }],
    ["an Add beside the stored text", { status: "approved", "status.x": add() }],
    ["a text and a dotted text", { status: "rejected", "status.x": "x" }],
  ]) {
    test(`${name} does not change a column of ours`, async () => {
      const id = await photo();
      await put("Photo", id, body);
      const { status, thumbs } = await stored("Photo", id);
      assert.deepEqual({ status, thumbs }, { status: "approved", thumbs: THUMBS });
      await update(stack, "Photo", id, { pic: NEW }, AS_CLIENT);
      assert.deepEqual(await columnTypes("Photo", ["status", "thumbs"]), ["String", "Array"]);
    });
  }

  test("a column of ours that does not exist yet is not made by a dotted text", async () => {
    await dropColumn("Fresh", "status");
    const id = await create(stack, "Fresh", { pic: STORED });
    await put("Fresh", id, { "status.x": "approved" });
    await put("Fresh", id, { status: null, "status.x": add() });
    assert.deepEqual(await stored("Fresh", id), { pic: bare(STORED) });
    await update(stack, "Fresh", id, { status: "approved" });
    assert.deepEqual(await columnTypes("Fresh", ["status"]), ["String"]);
  });
});

describe("columns that are Cloudinary's to fill", () => {
  test("a client's value on create is refused by name", async () => {
    const answer = await post("Photo", { pic: NEW, status: "approved" });
    assert.equal(answer.json.code, 141, answer.text);
    assert.match(answer.json.error, /^Photo\.status: /);
    const other = await post("Photo", { pic: NEW, thumbs: THUMBS });
    assert.match(other.json.error, /^Photo\.thumbs: /);
  });

  test("a client's value on update is left out, and the rest of the save is stored", async () => {
    const id = await photo();
    await update(stack, "Photo", id, { status: "rejected", thumbs: [], title: "another" }, AS_CLIENT);
    assert.deepEqual(await stored("Photo", id), { pic: bare(STORED), status: "approved", thumbs: THUMBS, title: "another", meta: { views: 1 } });
  });

  test("a whole object with a new title is saved", async () => {
    const id = await photo();
    const whole = { ...(await stored("Photo", id)), title: "another" };
    await update(stack, "Photo", id, whole, AS_CLIENT);
    assert.deepEqual(await stored("Photo", id), whole);
  });

  for (const [name, pic, expected] of [
    ["another picture", NEW, { pic: bare(NEW) }],
    ["null", null, { pic: null }],
    ["a Delete", DELETE, {}],
  ]) {
    test(`${name} takes with it what was said of the one before, whatever the client sends`, async () => {
      for (const more of [{}, { status: "approved", thumbs: THUMBS }]) {
        const id = await photo();
        await update(stack, "Photo", id, { pic, ...more }, AS_CLIENT);
        const { pic: left = null, status, thumbs } = await stored("Photo", id);
        assert.deepEqual({ pic: left, status, thumbs }, { pic: expected.pic ?? null, status: undefined, thumbs: undefined });
      }
    });
  }

  test("the master key may set them, with a new picture, too", async () => {
    const id = await photo();
    await update(stack, "Photo", id, { status: "rejected" });
    assert.equal((await stored("Photo", id)).status, "rejected");
    await update(stack, "Photo", id, { pic: NEW, status: "pending" });
    assert.deepEqual(await stored("Photo", id), { pic: bare(NEW), status: "pending", title: "a title", meta: { views: 1 } });
  });

  test("the stored picture sent again with its signature leaves them alone", async () => {
    const id = await photo();
    await update(stack, "Photo", id, { pic: STORED, title: "another" }, AS_CLIENT);
    assert.deepEqual(await stored("Photo", id), { pic: bare(STORED), status: "approved", thumbs: THUMBS, title: "another", meta: { views: 1 } });
  });
});

test("a forged picture beside a hidden operation is refused as ever", async () => {
  assertRefused(await post("Album", { images: [NEW.replace("new", "other")], "images.0": add() }), "Bad signature");
});
