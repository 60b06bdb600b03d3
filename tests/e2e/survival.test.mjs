// Whatever is saved together with a picture is stored as the same Parse Server stores it without hooks.
//
// UPDATE_DOCS=1 writes the table into docs/data-safety.md.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { bare, contextFor, create, mintIdentifier, useStack, VERSION } from "./support/rig.mjs";
import { changes, DEVIATIONS, FIELDS, rowBefore, TARGET_CLASS } from "./support/survival-cases.mjs";

const DOCUMENT = path.resolve(import.meta.dirname, "../../docs/data-safety.md");
const PART = /(?<=<!-- survival table: made by tests\/e2e\/survival\.test\.mjs -->\n)[^]*(?=<!-- end of the survival table -->)/;

let targets;
const stack = useStack({
  manifests: { "Guarded.toml": 'class = "Guarded"\n[fields.picture]\n' },
  classes: { [TARGET_CLASS]: { name: "String" }, Guarded: FIELDS, Plain: FIELDS },
  prepare: async () => {
    targets = [await create(stack, TARGET_CLASS, { name: "first" }), await create(stack, TARGET_CLASS, { name: "second" })];
  },
});

const NEW_PICTURE = mintIdentifier("new", 1700000002);
const MODES = {
  "no picture": { guarded: {}, plain: {} },
  picture: { guarded: { picture: NEW_PICTURE }, plain: { picture: bare(NEW_PICTURE) } },
  "context mode": {
    guarded: { picture: bare(NEW_PICTURE) },
    plain: { picture: bare(NEW_PICTURE) },
    context: contextFor("picture", NEW_PICTURE),
  },
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

/** What a change of each class leads to: of the guarded one, and of the one without hooks. */
async function bothOutcomes(phase, change, changeOfPlain, { guarded, plain, context }) {
  const existing = async (className, picture) =>
    phase === "update" ? create(stack, className, { ...rowBefore(targets), picture }) : undefined;
  const old = mintIdentifier("old", 1700000001);
  return {
    actual: await outcome("Guarded", await existing("Guarded", old), { ...change, ...guarded }, context),
    expected: await outcome("Plain", await existing("Plain", bare(old)), { ...changeOfPlain, ...plain }, context),
  };
}

function deviationOf(change, phase, mode) {
  return DEVIATIONS.find((known) => known.change === change && (known.phase ?? phase) === phase && (known.mode ?? mode) === mode);
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
        test(`is stored on ${phase} with ${mode} ${like}`, async () => {
          const change = changes(targets)[name];
          const { actual, expected } = await bothOutcomes(phase, change, deviation?.asIf ?? change, saves);
          table.set(`${name}|${phase}|${mode}`, cell(deviation, expected));
          assert.deepEqual(actual, deviation?.error ? { error: deviation.error } : expected);
        });
      }
    }
  });
}

function markdown() {
  const columns = ["create", "update"].flatMap((phase) => Object.keys(MODES).map((mode) => [phase, mode]));
  const lines = [
    `| saved together with | ${columns.map(([phase, mode]) => `${phase}, ${mode}`).join(" | ")} |`,
    `|---|${columns.map(() => "---|").join("")}`,
  ];
  for (const name of Object.keys(changes(["", ""]))) {
    lines.push(`| ${name} | ${columns.map(([phase, mode]) => table.get(`${name}|${phase}|${mode}`)).join(" | ")} |`);
  }
  return `\n${lines.join("\n")}\n\n`;
}

test("docs/data-safety.md holds the table", { skip: VERSION !== 9 && "it is made with Parse Server 9" }, () => {
  const text = readFileSync(DOCUMENT, "utf8");
  assert.match(text, PART);
  const updated = text.replace(PART, markdown());
  if (process.env.UPDATE_DOCS === "1") writeFileSync(DOCUMENT, updated);
  else assert.equal(text, updated, "run UPDATE_DOCS=1 scripts/test.sh");
});
