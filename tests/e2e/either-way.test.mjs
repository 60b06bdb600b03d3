// One Parse Server, the same rules called by a webhook and by Cloud Code with logic of its own, clean-up of both kinds: the whole acceptance comes
// to the same in either way.
import assert from "node:assert/strict";
import path from "node:path";
import { before, describe, test } from "node:test";
import { freePort } from "../../scripts/parse-server/processes.mjs";
import { assertRefused, bare, contextFor, count, exists, mintIdentifier, picturesOf, row, settled, signUp, until, useStack } from "./support/rig.mjs";

const RULES = '[fields.picture]\n[fields.pictures]\nmany = true\nmax_items = 3\n[fields.portrait]\nfolder = "users/{user.objectId}"\nmax_age = "1h"\n';
const DESTROYS = '[fields.picture]\non_replace = "destroy"\non_delete = "destroy"\ndestroy_within = "app/"\ngrace = "1s"\n';
const CALLED = 'called_from = "cloud_code"\n';
const FIELDS = { picture: "String", pictures: "Array", portrait: "String", title: "String", count: "Number", checked: "Boolean" };
const TIMES = 20;

const address = `127.0.0.1:${await freePort()}`;
const stack = useStack({
  manifests: {
    "Hooked.toml": `class = "Hooked"\n${RULES}`,
    "Called.toml": `class = "Called"\n${CALLED}${RULES}`,
    "HookedDestroys.toml": `class = "HookedDestroys"\n${DESTROYS}`,
    "CalledDestroys.toml": `class = "CalledDestroys"\n${CALLED}${DESTROYS}`,
  },
  env: { CLOUDINARY_PARSE_BIND: address },
  parseServer: {
    env: { PARSE_SERVER_CLOUD: path.join(import.meta.dirname, "support/either-way-cloud-code.cjs"), CLOUDINARY_PARSE_PUBLIC_URL: `http://${address}` },
  },
  classes: { Hooked: FIELDS, Called: FIELDS, HookedDestroys: FIELDS, CalledDestroys: FIELDS },
});

/** What came of a write: the error, or what the guarded fields and a counter now hold. */
async function outcome(className, answer, id = answer.json.objectId) {
  const anonymous = (text) => text.replaceAll(className, "TheClass");
  if (answer.status >= 400) return { status: answer.status, error: anonymous(answer.json.error), code: answer.json.code };
  const { picture, pictures, portrait, title, count } = await row(stack, className, id);
  return { status: answer.status, picture, pictures, portrait, title, count };
}

/** Every decision, in order. */
async function acceptance(className, ann) {
  const found = {};
  const session = ann.getSessionToken();
  const post = async (name, body, options = {}) => {
    const answer = await stack.rest("POST", `/classes/${className}`, { session, body, ...options });
    found[name] = await outcome(className, answer);
    return answer.json.objectId;
  };
  const put = async (name, id, body, options = {}) => {
    const answer = await stack.rest("PUT", `/classes/${className}/${id}`, { session, body, ...options });
    found[name] = await outcome(className, answer, id);
  };
  const version = 1_790_000_000;
  const [first, second] = [mintIdentifier("first", version), mintIdentifier("second", version)];
  const forged = first.replace("first", "other");

  const id = await post("a good create", { picture: first, title: "a", count: 0 });
  await post("a forged create", { picture: forged });
  await post("a bare create", { picture: bare(first) });
  await put("a forged update", id, { picture: forged, count: { __op: "Increment", amount: 1 } });
  await put("a good update beside an Increment", id, { picture: second, count: { __op: "Increment", amount: 1 } });
  await put("the same picture again", id, { picture: second, title: "b" });
  await put("another type", id, { picture: 5 });
  await put("a cleared picture", id, { picture: { __op: "Delete" } });
  await post("context mode", { picture: bare(first) }, { context: contextFor("picture", first) });
  await post("a wrong context", { picture: bare(first) }, { context: { cloudinary: { picture: "0".repeat(40) } } });

  const many = await post("an array", { pictures: [first] });
  await put("AddUnique", many, { pictures: { __op: "AddUnique", objects: [second] } });
  await put("a forged Add", many, { pictures: { __op: "Add", objects: [forged] } });
  await put("too many", many, { pictures: { __op: "Add", objects: [mintIdentifier("c", version), mintIdentifier("d", version)] } });
  await put("Remove", many, { pictures: { __op: "Remove", objects: [bare(first)] } });

  const now = Math.floor(Date.now() / 1000);
  // Its name is another one in each run.
  const own = await stack.rest("POST", `/classes/${className}`, { session, body: { portrait: mintIdentifier(`users/${ann.id}/cat`, now) } });
  found["a portrait in one's own folder"] = own.status;
  await post("a portrait of somebody else's", { portrait: mintIdentifier("users/bob/cat", now) });
  await post("a stale portrait", { portrait: mintIdentifier(`users/${ann.id}/cat`, version) });

  const counted = await post("a counter", { count: 0 });
  const increments = Array.from({ length: TIMES }, (_, index) =>
    stack.rest("PUT", `/classes/${className}/${counted}`, { body: { count: { __op: "Increment", amount: 1 }, picture: mintIdentifier(`p${index}`, version + index) } }),
  );
  found["increments at once"] = (await Promise.all(increments)).map(({ status }) => status);
  found["their sum"] = (await row(stack, className, counted)).count;

  const request = (picture) => ({ method: "POST", path: `/parse/classes/${className}`, body: { picture } });
  const { json } = await stack.rest("POST", "/batch", { body: { requests: [request(first), request(forged)] } });
  found["a batch"] = [Boolean(json[0].success), json[1].error];
  found.rows = await count(stack, className);
  return found;
}

describe("decisions", () => {
  let byHook;
  let byCloudCode;
  before(async () => {
    const ann = await signUp("ann");
    byHook = await acceptance("Hooked", ann);
    byCloudCode = await acceptance("Called", ann);
  });

  test("are the same in either way", () => {
    for (const name of Object.keys(byHook)) assert.deepEqual(byCloudCode[name], byHook[name], name);
  });

  test("are what they should be", () => {
    const refused = Object.keys(byHook).filter((name) => byHook[name].error !== undefined);
    assert.deepEqual(refused, [
      "a forged create",
      "a bare create",
      "a forged update",
      "another type",
      "a wrong context",
      "a forged Add",
      "too many",
      "a portrait of somebody else's",
      "a stale portrait",
    ]);
    for (const name of refused) assert.deepEqual([byHook[name].status, byHook[name].code], [400, 141], name);
    assert.equal(byHook["a good create"].picture, bare(mintIdentifier("first", 1_790_000_000)));
    assert.deepEqual([byHook["a good update beside an Increment"].count, byHook["their sum"]], [1, TIMES]);
    assert.equal(byHook["a portrait in one's own folder"], 201);
    assert.deepEqual(byHook["a batch"], [true, { code: 141, error: "Bad signature" }]);
  });

  test("leave the app's own logic its say", async () => {
    const signed = mintIdentifier("own");
    const save = (title, picture) => stack.rest("POST", "/classes/Called", { body: { title, picture } });
    assertRefused(await save("", signed), "A title, please");
    assertRefused(await save("a", signed.replace("own", "forged")), "Bad signature");
    const { json } = await save("a", signed);
    const { picture, checked } = await row(stack, "Called", json.objectId);
    assert.deepEqual([picture, checked], [bare(signed), true]);
  });
});

describe("clean-up", () => {
  for (const className of ["HookedDestroys", "CalledDestroys"]) {
    test(`of ${className}: what is replaced, cleared or deleted goes, what is in use or refused stays`, async () => {
      const { uploaded } = picturesOf(stack);
      const name = (text) => `app/${className}/${text}`;
      const put = (id, body) => stack.rest("PUT", `/classes/${className}/${id}`, { body });
      const create = async (picture) => (await stack.rest("POST", `/classes/${className}`, { body: { picture } })).json.objectId;
      const [first, second, third, shared] = await Promise.all(["first", "second", "third", "shared"].map((text) => uploaded(name(text))));
      const [id, sharing, alsoSharing] = [await create(first), await create(shared), await create(shared)];
      assertRefused(await put(id, { picture: second.replace("second", "third") }), "Bad signature");
      assert.equal((await put(id, { picture: second })).status, 200);
      await until("the replaced one to go", async () => !(await exists(stack, name("first"))));
      assert.equal((await put(id, { picture: { __op: "Delete" } })).status, 200);
      await until("the cleared one to go", async () => !(await exists(stack, name("second"))));
      assert.equal((await put(id, { picture: third })).status, 200);
      assert.equal((await stack.rest("DELETE", `/classes/${className}/${id}`)).status, 200);
      await until("the deleted object's to go", async () => !(await exists(stack, name("third"))));
      assert.equal((await stack.rest("DELETE", `/classes/${className}/${sharing}`)).status, 200);
      await settled(stack);
      assert.equal(await exists(stack, name("shared")), true);
      assert.equal((await row(stack, className, alsoSharing)).picture, bare(shared));
    });
  }
});
