// Whatever is saved together with a picture is stored as the same Parse Server stores it without hooks.
//
// UPDATE_DOCS=1 writes the table into docs/data-safety.md, and what is otherwise on MongoDB below it.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { bare, create, mintIdentifier, DATABASE, row, useStack, VERSION } from "./support/rig.mjs";
import { changes, DEVIATIONS, FIELDS, rowBefore, TARGET_CLASS } from "./support/survival-cases.mjs";

const DOCUMENT = path.resolve(import.meta.dirname, "../../docs/data-safety.md");
/** A part of the document that this test makes. */
const part = (name) => new RegExp(`(?<=<!-- ${name}: made by tests/e2e/survival\\.test\\.mjs -->\\n)[^]*(?=<!-- end of the ${name} -->)`);
const TABLE = part("survival table");
const OTHERWISE_ON_MONGODB = part("survival table of MongoDB");

/** Guarded classes: the answer to every update of the last two is a write set. `of`: what the field holds of an identifier. */
const KINDS = {
  Guarded: { field: "picture", of: (identifier) => identifier },
  Many: { field: "pictures", of: (identifier) => [identifier], note: "with `many`" },
  Eager: { field: "picture", of: (identifier) => identifier, note: "with `eager_field`" },
};

let targets;
const stack = useStack({
  manifests: {
    "Guarded.toml": 'class = "Guarded"\n[fields.picture]\n',
    "Many.toml": 'class = "Many"\n[fields.pictures]\nmany = true\n',
    "Eager.toml": 'class = "Eager"\n[fields.picture]\neager_field = "thumbnails"\n',
    "_User.toml": 'class = "_User"\n[fields.pictures]\nmany = true\n',
  },
  classes: { [TARGET_CLASS]: { name: "String" }, Guarded: FIELDS, Many: FIELDS, Eager: FIELDS, Plain: FIELDS },
  prepare: async () => {
    targets = [await create(stack, TARGET_CLASS, { name: "first" }), await create(stack, TARGET_CLASS, { name: "second" })];
  },
});

const OLD_PICTURE = mintIdentifier("old", 1700000001);
const NEW_PICTURE = mintIdentifier("new", 1700000002);
const [NEW_TEXT, NEW_SIGNATURE] = NEW_PICTURE.split("#");
const MODES = {
  "no picture": () => ({ guarded: {}, plain: {} }),
  picture: ({ field, of }) => ({ guarded: { [field]: of(NEW_PICTURE) }, plain: { [field]: of(NEW_TEXT) } }),
  "context mode": ({ field, of }) => ({
    guarded: { [field]: of(NEW_TEXT) },
    plain: { [field]: of(NEW_TEXT) },
    context: { cloudinary: { [field]: field === "pictures" ? { [NEW_TEXT]: NEW_SIGNATURE } : NEW_SIGNATURE } },
  }),
};
const table = new Map();

/** The row as it is stored, with its relation's members, but for what differs from row to row. */
async function storedRow(className, id) {
  const answer = await stack.rest("GET", `/classes/${className}/${id}`, { master: true });
  const { objectId, createdAt, updatedAt, ...fields } = answer.json;
  const related = { $relatedTo: { object: { __type: "Pointer", className, objectId: id }, key: "friends" } };
  const members = await stack.rest("GET", `/classes/${TARGET_CLASS}?order=name&where=${encodeURIComponent(JSON.stringify(related))}`, { master: true });
  return { fields, friends: members.json.results.map(({ name }) => name) };
}

/** What a save leads to: the error, or the row. */
async function outcome(className, id, body, context) {
  const answer = id
    ? await stack.rest("PUT", `/classes/${className}/${id}`, { master: true, body, context })
    : await stack.rest("POST", `/classes/${className}`, { master: true, body, context });
  if (answer.status >= 400) return { error: JSON.parse(answer.text.replaceAll(className, "TheClass")) };
  return storedRow(className, id ?? answer.json.objectId);
}

const plainOutcomes = new Map();

/** What a save of the class without hooks leads to: the same for several modes and kinds. */
function plainOutcome(phase, before, body) {
  const key = JSON.stringify([phase, before, body]);
  const make = async () => outcome("Plain", phase === "update" ? await create(stack, "Plain", before) : undefined, body);
  if (!plainOutcomes.has(key)) plainOutcomes.set(key, make());
  return plainOutcomes.get(key);
}

/** What a change of each class leads to: of the guarded one, and of the one without hooks. */
async function bothOutcomes(className, phase, change, changeOfPlain, { guarded, plain, context }) {
  const { field, of } = KINDS[className];
  const before = (identifier) => ({ ...rowBefore(targets), [field]: of(identifier) });
  const id = phase === "update" ? await create(stack, className, before(OLD_PICTURE)) : undefined;
  return {
    actual: await outcome(className, id, { ...change, ...guarded }, context),
    expected: await plainOutcome(phase, before(bare(OLD_PICTURE)), { ...changeOfPlain, ...plain }),
  };
}

function deviationOf(change, phase, mode) {
  return DEVIATIONS.find((known) => known.change === change && (known.phase ?? phase) === phase && (known.modes ?? [mode]).includes(mode));
}

function cell(deviation, expected) {
  if (deviation?.asIf) return `as if \`${JSON.stringify(deviation.asIf)}\``;
  return expected.error ? "refused" : "same";
}

for (const name of Object.keys(changes(["", ""]))) {
  describe(name, () => {
    for (const phase of ["create", "update"]) {
      for (const [mode, saves] of Object.entries(MODES)) {
        const deviation = deviationOf(name, phase, mode);
        const like = deviation ? "in the one other way that is known" : "as without hooks";
        for (const [className, kind] of Object.entries(KINDS)) {
          const which = kind.note ? ` ${kind.note}` : "";
          test(`is stored on ${phase} with ${mode}${which} ${like}`, async () => {
            const change = changes(targets)[name];
            const { actual, expected } = await bothOutcomes(className, phase, change, deviation?.asIf ?? change, saves(kind));
            table.set(`${name}|${phase}|${mode}|${className}`, cell(deviation, expected));
            assert.deepEqual(actual, deviation?.error ? { error: deviation.error } : expected);
          });
        }
      }
    }
  });
}

/** What the kinds of classes have in common, or each. */
function cells(name, phase, mode) {
  const texts = Object.keys(KINDS).map((className) => table.get(`${name}|${phase}|${mode}|${className}`));
  assert.deepEqual([...new Set(texts)], [texts[0]], `${name}, ${phase}, ${mode}: the table has one cell for all kinds of classes`);
  return texts[0];
}

describe("a save that changes nothing", () => {
  for (const [className, { field, of }] of Object.entries(KINDS)) {
    for (const [name, body] of [
      ["nothing at all", () => ({})],
      ["what is stored already", (stored) => ({ text: stored.text, tags: stored.tags, [field]: stored[field] })],
    ]) {
      test(`of the class ${className}, with ${name}, is accepted and leaves the row as it is`, async () => {
        const id = await create(stack, className, { ...rowBefore(targets), [field]: of(OLD_PICTURE) });
        const before = await row(stack, className, id);
        const answer = await stack.rest("PUT", `/classes/${className}/${id}`, { body: body(before) });
        assert.equal(answer.status, 200, answer.text);
        const { updatedAt, ...after } = await row(stack, className, id);
        assert.deepEqual({ ...after, updatedAt: before.updatedAt }, before);
      });
    }
  }
});

test("a dotted operation alone, on a class whose updates are all answered with a write set, is stored", async () => {
  const id = await create(stack, "Many", { meta: { views: 1 }, pictures: [OLD_PICTURE] });
  for (const body of [{ "meta.views": { __op: "Increment", amount: 4 } }, { "meta.fresh": "x" }]) {
    const answer = await stack.rest("PUT", `/classes/Many/${id}`, { body });
    assert.equal(answer.status, 200, answer.text);
  }
  const { meta, pictures } = await row(stack, "Many", id);
  assert.deepEqual({ meta, pictures }, { meta: { views: 5, fresh: "x" }, pictures: [bare(OLD_PICTURE)] });
});

test("a dotted operation beside its own plain key is lost, and the plain key is stored", async () => {
  const id = await create(stack, "Many", { meta: { views: 1 }, pictures: [OLD_PICTURE] });
  const body = { meta: { views: 7 }, "meta.views": { __op: "Increment", amount: 4 } };
  const answer = await stack.rest("PUT", `/classes/Many/${id}`, { body });
  assert.equal(answer.status, 200, answer.text);
  // Parse Server 5 and 6 show it, and it is stored as there without hooks.
  assert.ok([7, 11, 5].includes((await row(stack, "Many", id)).meta.views));
});

test("a signup with many pictures keeps its password, and so does a change of it", async () => {
  const username = `user-${Math.random()}`;
  const logIn = (password) => stack.rest("POST", "/login", { body: { username, password } });
  const answer = await stack.rest("POST", "/users", { body: { username, password: "first", pictures: [OLD_PICTURE] } });
  assert.equal(answer.status, 201, answer.text);
  const { objectId, sessionToken } = answer.json;
  assert.equal((await logIn("first")).status, 200);

  const body = { password: "second", pictures: { __op: "Add", objects: [NEW_PICTURE] } };
  const changed = await stack.rest("PUT", `/users/${objectId}`, { session: sessionToken, body });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await logIn("first")).status, 404);
  const login = await logIn("second");
  assert.deepEqual([login.status, login.json.pictures.sort()], [200, [bare(NEW_PICTURE), bare(OLD_PICTURE)].sort()]);
});

/** The table; on MongoDB those of its lines that the document's does not have. */
function markdown(document) {
  const columns = ["create", "update"].flatMap((phase) => Object.keys(MODES).map((mode) => [phase, mode]));
  const lines = [
    `| saved together with | ${columns.map(([phase, mode]) => `${phase}, ${mode}`).join(" | ")} |`,
    `|---|${columns.map(() => "---|").join("")}`,
  ];
  for (const name of Object.keys(changes(["", ""]))) {
    lines.push(`| ${name} | ${columns.map(([phase, mode]) => cells(name, phase, mode)).join(" | ")} |`);
  }
  const known = document.match(TABLE)[0].split("\n");
  const [head, rule, ...rows] = lines;
  const shown = DATABASE === "postgres" ? rows : rows.filter((row) => !known.includes(row));
  return `\n${[head, rule, ...shown].join("\n")}\n\n`;
}

test("docs/data-safety.md holds the table", { skip: VERSION !== 9 && "it is made with Parse Server 9" }, () => {
  const text = readFileSync(DOCUMENT, "utf8");
  const part = DATABASE === "postgres" ? TABLE : OTHERWISE_ON_MONGODB;
  assert.match(text, part);
  const updated = text.replace(part, markdown(text));
  if (process.env.UPDATE_DOCS === "1") writeFileSync(DOCUMENT, updated);
  else assert.equal(text, updated, "run UPDATE_DOCS=1 scripts/test.sh");
});
