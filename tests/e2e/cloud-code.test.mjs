// Classes with Cloud Code of their own that calls this service: the same decisions as a webhook's, and every operation as
// Cloud Code alone would leave it.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../../scripts/parse-server/processes.mjs";
import {
  AS_CLIENT,
  assertRefused,
  bare,
  contextFor,
  count,
  create,
  exists,
  mintIdentifier,
  Parse,
  PARSE,
  picturesOf,
  restartService,
  row,
  settled,
  signUp,
  until,
  update,
  useStack,
  VERSION,
} from "./support/rig.mjs";
import { changes, FIELDS, rowBefore, TARGET_CLASS } from "./support/survival-cases.mjs";
import { startServerThat } from "./support/tampering-proxy.mjs";

const UNAVAILABLE = "The picture could not be checked. Please try again later.";
const TIMES = 20;
const CALLED = 'called_from = "cloud_code"\n';
const PICTURE = "[fields.picture]\n";
const DESTROYS = 'on_replace = "destroy"\non_delete = "destroy"\ndestroy_within = "app/"\ngrace = "1s"\n';
const guarded = (name, rest = PICTURE) => `class = "${name}"\n${CALLED}${rest}`;

/** Keeps what it is asked and lets everything through. */
const recorded = [];
const recorder = await startServerThat(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  recorded.push({ path: request.url, key: request.headers["x-parse-webhook-key"], body: JSON.parse(text) });
  response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
});
after(() => recorder.stop());

const address = `127.0.0.1:${await freePort()}`;
const NOTE = { picture: "String", title: "String", count: "Number", tags: "Array", stats: "Object" };
let targets;
const stack = useStack({
  manifests: {
    "Note.toml": guarded("Note"),
    "Album.toml": guarded("Album", "[fields.pictures]\nmany = true\n"),
    "Guarded.toml": guarded("Guarded"),
    "Status.toml": guarded("Status", `${PICTURE}moderation_field = "status"\n`),
    "_User.toml": guarded("_User", "[fields.avatar]\n"),
    "Own.toml": guarded("Own"),
    "Lenient.toml": guarded("Lenient"),
    "Strict.toml": guarded("Strict", '[fields.picture]\nfolder = "users/{user.objectId}"\nmax_age = "1h"\n'),
    "Cleaned.toml": guarded("Cleaned", `${PICTURE}${DESTROYS}`),
    "Hooked.toml": `class = "Hooked"\n${PICTURE}`,
  },
  env: { CLOUDINARY_PARSE_BIND: address, CLOUDINARY_NOTIFICATION_SECRET: "a notification secret" },
  parseServer: {
    env: {
      PARSE_SERVER_CLOUD: path.join(import.meta.dirname, "support/guarded-cloud-code.cjs"),
      PARSE_SERVER_MOUNT_GRAPHQL: "true",
      CLOUDINARY_PARSE_PUBLIC_URL: `http://${address}`,
      RIG_RECORDER: recorder.url,
    },
  },
  classes: {
    [TARGET_CLASS]: { name: "String" },
    Note: NOTE,
    InertNote: NOTE,
    Hooked: NOTE,
    Album: { pictures: "Array" },
    Guarded: FIELDS,
    Inert: FIELDS,
    Recorded: FIELDS,
    HookRecorded: FIELDS,
    Status: { picture: "String", status: "String", title: "String" },
    Own: { picture: "String", title: "String", before: "Boolean", after: "String", saves: "Number", count: "Number" },
    Lenient: { picture: "String", problem: "String" },
    Strict: { picture: "String" },
    Cleaned: { picture: "String" },
  },
  prepare: async () => {
    targets = [await create(stack, TARGET_CLASS, { name: "first" }), await create(stack, TARGET_CLASS, { name: "second" })];
  },
});
const post = (className, body, options = {}) => stack.rest("POST", `/classes/${className}`, { body, ...options });
const put = (className, id, body, options = {}) => stack.rest("PUT", `/classes/${className}/${id}`, { body, ...options });
const increment = { __op: "Increment", amount: 1 };
const twentyTimes = (action) => Promise.all(Array.from({ length: TIMES }, (_, index) => action(index)));

test("register sets hooks for the class that has no Cloud Code, and for no other", async () => {
  const { stdout } = await stack.cli(["hooks"]);
  assert.deepEqual(stdout.match(/\w+\.(before|after)\w+/g), ["Hooked.beforeSave"], stdout);
});

describe("decisions", () => {
  for (const className of ["Note", "Hooked"]) {
    test(`a good save of ${className} is stored without its signature`, async () => {
      const [first, second] = [mintIdentifier("first"), mintIdentifier("second")];
      const id = await create(stack, className, { title: "a", picture: first }, AS_CLIENT);
      assert.deepEqual([(await row(stack, className, id)).picture, (await row(stack, className, id)).title], [bare(first), "a"]);
      const changed = await update(stack, className, id, { picture: second, title: "b" }, AS_CLIENT);
      assert.equal(changed.picture, bare(second), "the client learns what is stored");
      assert.deepEqual([(await row(stack, className, id)).picture, (await row(stack, className, id)).title], [bare(second), "b"]);
      await update(stack, className, id, { picture: second }, AS_CLIENT);
      await update(stack, className, id, { picture: { __op: "Delete" } }, AS_CLIENT);
      assert.equal((await row(stack, className, id)).picture, undefined);
    });

    test(`a forged save of ${className} is refused and nothing is stored`, async () => {
      const good = mintIdentifier("good");
      const id = await create(stack, className, { picture: good, count: 1 }, AS_CLIENT);
      const before = await count(stack, className);
      for (const picture of [good.replace("good", "forged"), bare(good).replace("good", "other"), `${bare(good)}x#${"0".repeat(40)}`]) {
        assertRefused(await post(className, { picture }), "Bad signature");
        assertRefused(await put(className, id, { picture, count: increment }), "Bad signature");
      }
      assert.equal(await count(stack, className), before);
      const { picture, count: counted } = await row(stack, className, id);
      assert.deepEqual([picture, counted], [bare(good), 1]);
    });
  }

  test("rules hold: another's folder and a stale upload are refused in the service's words", async () => {
    const ann = await signUp("ann");
    const session = ann.getSessionToken();
    const inFolder = (folder, version) => mintIdentifier(`users/${folder}/cat`, version);
    assert.equal((await post("Strict", { picture: inFolder(ann.id) }, { session })).status, 201);
    const foreign = await post("Strict", { picture: inFolder("bob") }, { session });
    assert.match(foreign.json.error, /^Strict\.picture: /);
    const stale = await post("Strict", { picture: inFolder(ann.id, 1_700_000_000) }, { session });
    assert.match(stale.json.error, /^Strict\.picture: /);
    assert.deepEqual([foreign.json.code, stale.json.code, foreign.status, stale.status], [141, 141, 400, 400]);
  });

  test("context mode", async () => {
    const signed = mintIdentifier("context");
    const id = (await post("Note", { picture: bare(signed) }, { context: contextFor("picture", signed) })).json.objectId;
    assert.equal((await row(stack, "Note", id)).picture, bare(signed));
    assertRefused(await post("Note", { picture: bare(signed) }, { context: { cloudinary: { picture: "0".repeat(40) } } }), "Bad signature");
  });

  test("arrays by Set, Add, AddUnique and Remove", async () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => mintIdentifier(name));
    const id = await create(stack, "Album", { pictures: [a] }, AS_CLIENT);
    await update(stack, "Album", id, { pictures: { __op: "Add", objects: [b] } }, AS_CLIENT);
    await update(stack, "Album", id, { pictures: { __op: "AddUnique", objects: [b, c] } }, AS_CLIENT);
    assert.deepEqual((await row(stack, "Album", id)).pictures.sort(), [a, b, c].map(bare).sort());
    await update(stack, "Album", id, { pictures: { __op: "Remove", objects: [bare(b), c] } }, AS_CLIENT);
    assert.deepEqual((await row(stack, "Album", id)).pictures, [bare(a)]);
    for (const pictures of [[a, "x"], { __op: "Add", objects: [a.replace("/a", "/x")] }]) {
      assert.equal((await put("Album", id, { pictures })).json.code, 141);
    }
    assert.deepEqual((await row(stack, "Album", id)).pictures, [bare(a)]);
  });

  test("20 AddUniques of pictures at once keep them all", async () => {
    const id = await create(stack, "Album", { pictures: [] }, AS_CLIENT);
    const pictures = Array.from({ length: TIMES }, (_, index) => mintIdentifier(`at-once-${index}`));
    await Promise.all(pictures.map((picture) => update(stack, "Album", id, { pictures: { __op: "AddUnique", objects: [picture] } }, AS_CLIENT)));
    assert.deepEqual((await row(stack, "Album", id)).pictures.sort(), pictures.map(bare).sort());
  });

  test("dotted keys beside plain ones and alone reach no guarded field", async () => {
    const good = mintIdentifier("good");
    const id = await create(stack, "Album", { pictures: [good] }, AS_CLIENT);
    const attempts = [
      { pictures: [good], "pictures.1": { __op: "Add", objects: ["forged"] } },
      { "pictures.0": { __op: "Delete" } },
      { pictures: [good], "pictures.0": { __op: "AddUnique", objects: ["forged"] } },
      { "pictures.0": "forged", pictures: [good] },
      { pictures: null, "pictures.x": { __op: "Increment", amount: 1 } },
    ];
    for (const body of attempts) {
      const answers = [await put("Album", id, body), await post("Album", body)];
      for (const [index, answer] of answers.entries()) {
        const stored = answer.status < 300 ? await row(stack, "Album", answer.json.objectId ?? id) : undefined;
        assert.doesNotMatch(JSON.stringify(stored ?? {}), /forged|#|"x"/, `${index}: ${JSON.stringify(body)} ${answer.text}`);
      }
    }
    assert.deepEqual((await row(stack, "Album", id)).pictures, [bare(good)]);
  });

  test("a column of the service's own is left as it is, and cleared with its picture", async () => {
    const id = await create(stack, "Status", { picture: mintIdentifier("first") }, AS_CLIENT);
    await update(stack, "Status", id, { status: "approved" });
    await update(stack, "Status", id, { status: "pending", title: "kept" }, AS_CLIENT);
    const left = await row(stack, "Status", id);
    assert.deepEqual([left.status, left.title], ["approved", "kept"]);
    await update(stack, "Status", id, { picture: mintIdentifier("second"), status: "approved" }, AS_CLIENT);
    assert.equal((await row(stack, "Status", id)).status, undefined);
    assert.equal((await post("Status", { status: "approved" })).json.code, 141);
  });
});

describe("the app's own code", () => {
  test("runs before and after, and sees the picture stripped", async () => {
    const signed = mintIdentifier("own");
    const id = await create(stack, "Own", { picture: signed, title: "a" }, AS_CLIENT);
    await update(stack, "Own", id, { title: "b", count: increment }, AS_CLIENT);
    const { picture, title, before, after, saves, count: counted } = await row(stack, "Own", id);
    // The MongoDB of the rig answers 1 for a truth value that was updated.
    assert.deepEqual({ picture, title, before: Boolean(before), after, saves, counted }, { picture: bare(signed), title: "b", before: true, after: bare(signed), saves: 2, counted: 1 });
  });

  test("refuses for reasons of its own", async () => {
    assertRefused(await post("Own", { title: "forbidden", picture: mintIdentifier("own") }), "the app's own refusal");
  });

  test("has what it sets before the service verified like a client's", async () => {
    const signed = mintIdentifier("replaced");
    const id = (await post("Own", { picture: "anything" }, { context: { replace: signed } })).json.objectId;
    assert.equal((await row(stack, "Own", id)).picture, bare(signed));
    assertRefused(await post("Own", { picture: signed }, { context: { replace: "image/upload/v1/forged.jpg" } }), "Bad signature");
  });

  test("is trusted with what it sets after the service", async () => {
    const id = (await post("Own", { picture: mintIdentifier("own") }, { context: { setLater: true } })).json.objectId;
    assert.equal((await row(stack, "Own", id)).picture, "image/upload/v1/set-by-cloud-code.jpg");
    await update(stack, "Own", id, { title: "goes on" }, AS_CLIENT);
  });

  test("may go on without a picture that is refused", async () => {
    const id = (await post("Lenient", { picture: "forged" })).json.objectId;
    const { picture, problem } = await row(stack, "Lenient", id);
    assert.equal(picture, undefined);
    assert.match(problem, /^Lenient\.picture: /);
  });
});

describe("what is saved together with a picture", () => {
  const NEW_PICTURE = mintIdentifier("new", 1_700_000_002);
  const OLD_PICTURE = mintIdentifier("old", 1_700_000_001);

  async function storedRow(className, id) {
    const { objectId, createdAt, updatedAt, ...fields } = await row(stack, className, id);
    const related = { $relatedTo: { object: { __type: "Pointer", className, objectId: id }, key: "friends" } };
    const where = encodeURIComponent(JSON.stringify(related));
    const members = await stack.rest("GET", `/classes/${TARGET_CLASS}?order=name&where=${where}`, { master: true });
    return { fields, friends: members.json.results.map(({ name }) => name) };
  }

  async function outcome(className, id, body) {
    const answer = id ? await put(className, id, body, { master: true }) : await post(className, body, { master: true });
    if (answer.status >= 400) return { error: JSON.parse(answer.text.replaceAll(className, "TheClass")) };
    return storedRow(className, id ?? answer.json.objectId);
  }

  for (const name of Object.keys(changes(["", ""]))) {
    test(`${name} is stored as by Cloud Code that does nothing`, async () => {
      const change = changes(targets)[name];
      const existing = (className, picture) => create(stack, className, { ...rowBefore(targets), picture });
      for (const [own, plain] of [[{ picture: NEW_PICTURE }, { picture: bare(NEW_PICTURE) }], [{}, {}]]) {
        assert.deepEqual(await outcome("Guarded", undefined, { ...change, ...own }), await outcome("Inert", undefined, { ...change, ...plain }), "create");
        const [id, plainId] = [await existing("Guarded", OLD_PICTURE), await existing("Inert", bare(OLD_PICTURE))];
        assert.deepEqual(await outcome("Guarded", id, { ...change, ...own }), await outcome("Inert", plainId, { ...change, ...plain }), "update");
      }
    });
  }

  const newPicture = (index) => mintIdentifier(`picture-${index}`, 1_700_000_000 + index);

  test("20 Increments are 20", async () => {
    const id = await create(stack, "Note", { picture: mintIdentifier("first"), count: 0 });
    await twentyTimes((index) => update(stack, "Note", id, { count: increment, picture: newPicture(index) }, AS_CLIENT));
    assert.equal((await row(stack, "Note", id)).count, TIMES);
  });

  test("20 AddUniques are 20", async () => {
    const id = await create(stack, "Note", { picture: mintIdentifier("first"), tags: [] });
    await twentyTimes((index) => update(stack, "Note", id, { tags: { __op: "AddUnique", objects: [index] }, picture: newPicture(index) }, AS_CLIENT));
    assert.equal((await row(stack, "Note", id)).tags.length, TIMES);
  });

  test("20 dotted Increments are as many as with Cloud Code that does nothing", async () => {
    const counted = async (className, pictures) => {
      const id = await create(stack, className, { picture: pictures("first"), stats: { views: 0 } });
      await twentyTimes((index) => update(stack, className, id, { "stats.views": increment, picture: pictures(`picture-${index}`) }, AS_CLIENT));
      return (await row(stack, className, id)).stats.views;
    };
    const alone = await counted("InertNote", (name) => bare(mintIdentifier(name)));
    const together = await counted("Note", (name) => mintIdentifier(name));
    if (alone === TIMES) assert.equal(together, TIMES);
    // Where the Parse SDK inside Parse Server sets the whole column, it does so without this service as well.
    else assert.ok(VERSION < 7, `${alone} of ${TIMES} with Cloud Code alone`);
  });
});

describe("other ways to save", () => {
  test("a signup stores the avatar bare and the account can log in; a forged one leaves no account", async () => {
    const avatar = mintIdentifier("avatar");
    const username = `carol-${Date.now()}`;
    const good = await stack.rest("POST", "/users", { body: { username, password: "secret", avatar } });
    assert.equal(good.status, 201, good.text);
    const logIn = (username) => stack.rest("POST", "/login", { body: { username, password: "secret" } });
    assert.equal((await logIn(username)).json.avatar, bare(avatar));
    const forged = { username: `${username}-2`, password: "secret", avatar: avatar.replace("avatar", "other") };
    assertRefused(await stack.rest("POST", "/users", { body: forged }), "Bad signature");
    assert.equal((await logIn(forged.username)).status, 404);
  });

  test("a batch and saveAll decide on each object", async () => {
    const good = mintIdentifier("batch");
    const request = (picture) => ({ method: "POST", path: "/parse/classes/Note", body: { picture } });
    const { json } = await stack.rest("POST", "/batch", { body: { requests: [request(good), request(good.replace("batch", "x"))] } });
    assert.equal((await row(stack, "Note", json[0].success.objectId)).picture, bare(good));
    assert.deepEqual(json[1], { error: { code: 141, error: "Bad signature" } });

    const before = await count(stack, "Note");
    const notes = Array.from({ length: 50 }, (_, index) => new Parse.Object("Note", { count: index, picture: mintIdentifier(`many/${index}`) }));
    notes[17].set("picture", good.replace("batch", "x"));
    const error = await Parse.Object.saveAll(notes, { batchSize: 50 }).then(() => undefined, (reason) => reason);
    assert.match(JSON.stringify(error.errors ?? error), /Bad signature/);
    assert.equal(await count(stack, "Note"), before + 49);
  });

  test("GraphQL", async () => {
    const query = "mutation ($fields: CreateNoteFieldsInput) { createNote(input: { fields: $fields }) { note { objectId picture } } }";
    const url = stack.parseServer.url.replace(/\/parse$/, "/graphql");
    const createNote = async (picture) => {
      const headers = { "Content-Type": "application/json", "X-Parse-Application-Id": PARSE.appId, "X-Parse-Master-Key": PARSE.masterKey };
      const body = JSON.stringify({ query, variables: { fields: { picture } } });
      return (await fetch(url, { method: "POST", headers, body })).json();
    };
    const signed = mintIdentifier("graphql");
    const { data } = await createNote(signed);
    assert.deepEqual([data.createNote.note.picture, (await row(stack, "Note", data.createNote.note.objectId)).picture], [bare(signed), bare(signed)]);
    const refused = await createNote(signed.replace("graphql", "x"));
    assert.deepEqual(refused.errors.map(({ message, extensions }) => [message, extensions.code]), [["Bad signature", 141]]);
  });

  test("objects of megabytes", async () => {
    const title = "0123456789abcdef".repeat(128 * 1024);
    const signed = mintIdentifier("large");
    const id = await create(stack, "Note", { title, picture: mintIdentifier("small") }, AS_CLIENT);
    await update(stack, "Note", id, { title: title.replace("0", "X"), picture: signed }, AS_CLIENT);
    const stored = await row(stack, "Note", id);
    assert.deepEqual([stored.picture, stored.title === title.replace("0", "X")], [bare(signed), true]);
  });
});

describe("the envelope", () => {
  const WITHOUT = new Set(["log", "headers"]);
  /** What can be compared: not what differs from row to row. */
  const comparable = ({ body }) =>
    JSON.parse(
      JSON.stringify(body, (key, value) => (WITHOUT.has(key) ? undefined : ["objectId", "createdAt", "updatedAt"].includes(key) && typeof value === "string" ? key : value)).replaceAll("HookRecorded", "Recorded"),
    );

  before(async () => {
    for (const triggerName of ["beforeSave", "afterSave", "afterDelete"]) {
      const hook = { className: "HookRecorded", triggerName, url: `${recorder.url}/triggers/HookRecorded/${triggerName}` };
      assert.equal((await stack.rest("POST", "/hooks/triggers", { master: true, body: hook })).status, 200);
    }
  });

  test("is the one that Parse Server sends, for every operation", async () => {
    const ann = await signUp("envelope");
    const session = ann.getSessionToken();
    const context = { cloudinary: { picture: "0".repeat(40) } };
    for (const [name, change] of Object.entries(changes(targets))) {
      recorded.length = 0;
      for (const className of ["HookRecorded", "Recorded"]) {
        const created = await post(className, { ...rowBefore(targets), ...change, picture: "a" }, { session, context });
        const id = created.json.objectId ?? (await create(stack, className, rowBefore(targets)));
        await put(className, id, { ...change, picture: "b" }, { session, context });
        await stack.rest("DELETE", `/classes/${className}/${id}`, { session });
      }
      const half = recorded.length / 2;
      const [hooks, ours] = [recorded.slice(0, half), recorded.slice(half)];
      assert.deepEqual(ours.map(({ path }) => path), hooks.map(({ path }) => path.replace("HookRecorded", "Recorded")), name);
      for (const [index, hook] of hooks.entries()) {
        const { calledFrom, dottedKeys, ...rest } = comparable(ours[index]);
        assert.deepEqual([calledFrom, Array.isArray(dottedKeys), ours[index].key], ["cloud_code", true, hook.key], name);
        assert.deepEqual(rest, comparable(hook), `${name}: ${hook.path}`);
      }
    }
  });
});

describe("clean-up", () => {
  test("a replaced and a deleted object's pictures are destroyed", async () => {
    const { uploaded } = picturesOf(stack);
    const [first, second] = [await uploaded("app/first"), await uploaded("app/second")];
    const id = await create(stack, "Cleaned", { picture: first }, AS_CLIENT);
    await update(stack, "Cleaned", id, { picture: second }, AS_CLIENT);
    await until("the first to go", async () => !(await exists(stack, "app/first")));
    assert.equal(await exists(stack, "app/second"), true);
    await stack.rest("DELETE", `/classes/Cleaned/${id}`);
    await until("the second to go", async () => !(await exists(stack, "app/second")));
    await settled(stack);
  });
});

describe("without an answer of the service", () => {
  test("a save is refused, nothing is stored, and the app is told no address", async () => {
    const id = await create(stack, "Note", { picture: mintIdentifier("before"), count: 1 }, AS_CLIENT);
    const before = await count(stack, "Note");
    await stack.service.stop();
    assertRefused(await post("Note", { picture: mintIdentifier("during") }), UNAVAILABLE);
    assertRefused(await post("Note", { title: "no picture at all" }), UNAVAILABLE);
    assertRefused(await put("Note", id, { count: increment }), UNAVAILABLE);
    assertRefused(await post("Lenient", { picture: "forged" }), UNAVAILABLE);
    assert.equal(await count(stack, "Note"), before);
    assert.equal((await row(stack, "Note", id)).count, 1);
    assert.match(stack.parseServer.output(), /cloudinary-parse: no decision on Note\.beforeSave: connect ECONNREFUSED/);
  });

  test("what is done stays done, and saves go on once it is back", async () => {
    await restartService(stack);
    const signed = mintIdentifier("after");
    const id = await create(stack, "Cleaned", { picture: signed }, AS_CLIENT);
    await stack.service.stop();
    assert.equal((await stack.rest("DELETE", `/classes/Cleaned/${id}`)).status, 200);
    assert.match(stack.parseServer.output(), /cloudinary-parse: no decision on Cleaned\.afterDelete: connect ECONNREFUSED/);
    await restartService(stack);
    await create(stack, "Note", { picture: signed }, AS_CLIENT);
  });
});
