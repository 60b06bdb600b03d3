// Pictures change while other clients change the same rows: nothing that they do is lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bare, contextFor, create, mintIdentifier, row, update, useStack } from "./support/rig.mjs";

const TIMES = 20;
const stack = useStack({
  manifests: { "Note.toml": 'class = "Note"\n[fields.picture]\n' },
  classes: { Note: { picture: "String", count: "Number", tags: "Array", stats: "Object" } },
});

const increment = { __op: "Increment", amount: 1 };
const twentyTimes = (action) => Array.from({ length: TIMES }, (_, index) => action(index));
const newPicture = (index) => mintIdentifier(`picture-${index}`, 1700000000 + index);

/** The picture of some save, stored bare. */
function assertOneOfTheNewPictures(stored) {
  assert.ok(twentyTimes(newPicture).map(bare).includes(stored), stored);
}

test("counts 20 Increments that race 20 picture changes", async () => {
  const id = await create(stack, "Note", { picture: mintIdentifier("first"), count: 0 });
  await Promise.all([
    ...twentyTimes(() => update(stack, "Note", id, { count: increment })),
    ...twentyTimes((index) => update(stack, "Note", id, { picture: newPicture(index) })),
  ]);
  const stored = await row(stack, "Note", id);
  assert.equal(stored.count, TIMES);
  assertOneOfTheNewPictures(stored.picture);
});

test("counts 20 Increments that are saved together with a picture change each", async () => {
  const id = await create(stack, "Note", { picture: mintIdentifier("first"), count: 0 });
  await Promise.all(twentyTimes((index) => update(stack, "Note", id, { count: increment, picture: newPicture(index) })));
  const stored = await row(stack, "Note", id);
  assert.equal(stored.count, TIMES);
  assertOneOfTheNewPictures(stored.picture);
});

test("keeps 20 AddUniques that race 20 picture changes", async () => {
  const id = await create(stack, "Note", { picture: mintIdentifier("first"), tags: [] });
  await Promise.all([
    ...twentyTimes((index) => update(stack, "Note", id, { tags: { __op: "AddUnique", objects: [`tag-${index}`] } })),
    ...twentyTimes((index) => update(stack, "Note", id, { picture: newPicture(index) })),
  ]);
  assert.deepEqual((await row(stack, "Note", id)).tags.sort(), twentyTimes((index) => `tag-${index}`).sort());
});

test("counts 20 dotted Increments in saves without a picture that race 20 picture changes", async () => {
  const id = await create(stack, "Note", { picture: mintIdentifier("first"), stats: { views: 0 } });
  await Promise.all([
    ...twentyTimes(() => update(stack, "Note", id, { "stats.views": increment })),
    ...twentyTimes((index) => update(stack, "Note", id, { picture: newPicture(index) })),
  ]);
  assert.equal((await row(stack, "Note", id)).stats.views, TIMES);
});

test("counts 20 dotted Increments that are saved together with a picture change each, in context mode", async () => {
  const id = await create(stack, "Note", { picture: mintIdentifier("first"), stats: { views: 0 } });
  await Promise.all(
    twentyTimes((index) => {
      const signed = newPicture(index);
      const body = { "stats.views": increment, picture: bare(signed) };
      return update(stack, "Note", id, body, { context: contextFor("picture", signed) });
    }),
  );
  const stored = await row(stack, "Note", id);
  assert.equal(stored.stats.views, TIMES);
  assertOneOfTheNewPictures(stored.picture);
});

test("refuses a forged signature in context mode", async () => {
  const id = await create(stack, "Note", { picture: mintIdentifier("first"), count: 0 });
  const signed = mintIdentifier("genuine");
  const answer = await stack.rest("PUT", `/classes/Note/${id}`, {
    body: { picture: bare(signed).replace("genuine", "other"), count: increment },
    context: contextFor("picture", signed),
  });
  assert.deepEqual([answer.status, answer.json], [400, { code: 141, error: "Bad signature" }]);
  assert.equal((await row(stack, "Note", id)).count, 0);
});
