// Pictures change while other clients change the same rows: nothing that they do is lost.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bare, contextFor, create, mintIdentifier, row, update, useStack } from "./support/rig.mjs";

const TIMES = 20;
const OTHERS = { count: "Number", tags: "Array", friends: { type: "Relation", targetClass: "Target" } };
let targets;
const stack = useStack({
  manifests: {
    "Note.toml": 'class = "Note"\n[fields.picture]\n',
    "Album.toml": 'class = "Album"\n[fields.pictures]\nmany = true\n',
    "Eager.toml": 'class = "Eager"\n[fields.picture]\neager_field = "thumbnails"\n',
  },
  classes: {
    Target: { name: "String" },
    Note: { picture: "String", count: "Number", tags: "Array", stats: "Object" },
    Album: { pictures: "Array", ...OTHERS },
    Eager: { picture: "String", thumbnails: "Array", ...OTHERS },
  },
  prepare: async () => {
    targets = await Promise.all(twentyTimes((index) => create(stack, "Target", { name: `${index}` })));
  },
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

// Every answer to an update of theirs is a write set.
describe("where every save is answered with what it changes", () => {
  const tag = (index) => `tag-${index}`;
  const operation = (name, ...objects) => ({ __op: name, objects });
  const pointer = (index) => ({ __type: "Pointer", className: "Target", objectId: targets[index] });

  async function friends(className, id) {
    const related = { $relatedTo: { object: { __type: "Pointer", className, objectId: id }, key: "friends" } };
    const where = encodeURIComponent(JSON.stringify(related));
    const answer = await stack.rest("GET", `/classes/Target?where=${where}`, { master: true });
    return answer.json.results.map(({ objectId }) => objectId);
  }

  const operations = {
    Increments: { change: () => ({ count: increment }), before: { count: 0 }, expected: { count: TIMES } },
    Adds: { change: (index) => ({ tags: operation("Add", tag(index)) }), before: { tags: [] }, expected: { tags: twentyTimes(tag).sort() } },
    AddUniques: { change: (index) => ({ tags: operation("AddUnique", tag(index)) }), before: { tags: [] }, expected: { tags: twentyTimes(tag).sort() } },
    Removes: { change: (index) => ({ tags: operation("Remove", tag(index)) }), before: { tags: [...twentyTimes(tag), "kept"] }, expected: { tags: ["kept"] } },
  };
  const pictures = {
    Album: { first: { pictures: [] }, next: (index) => ({ pictures: operation("Add", newPicture(index)) }) },
    Eager: { first: { picture: mintIdentifier("first") }, next: (index) => ({ picture: newPicture(index) }) },
  };

  for (const [className, { first, next }] of Object.entries(pictures)) {
    for (const [name, { change, before, expected }] of Object.entries(operations)) {
      test(`counts 20 ${name} of the class ${className} that race 20 picture changes`, async () => {
        const id = await create(stack, className, { ...first, ...before });
        await Promise.all([
          ...twentyTimes((index) => update(stack, className, id, change(index))),
          ...twentyTimes((index) => update(stack, className, id, next(index))),
        ]);
        const stored = await row(stack, className, id);
        stored.tags?.sort();
        assert.deepEqual({ ...stored, ...expected }, stored);
        if (className === "Album") assert.deepEqual(stored.pictures.sort(), twentyTimes(newPicture).map(bare).sort());
        else assertOneOfTheNewPictures(stored.picture);
      });
    }

    test(`keeps 20 relations of the class ${className} that race 20 picture changes`, async () => {
      const id = await create(stack, className, first);
      await Promise.all([
        ...twentyTimes((index) => update(stack, className, id, { friends: operation("AddRelation", pointer(index)) })),
        ...twentyTimes((index) => update(stack, className, id, next(index))),
      ]);
      assert.deepEqual((await friends(className, id)).sort(), [...targets].sort());
    });
  }
});
