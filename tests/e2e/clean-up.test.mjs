// Clean-up against a real Parse Server: what is destroyed, and above all what is not.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { startParseServer } from "../../scripts/parse-server/stack.mjs";
import {
  AS_CLIENT,
  bare,
  create,
  exists,
  jobs,
  Parse,
  PARSE,
  picturesOf,
  readiness,
  restartService,
  row,
  settled,
  until,
  update,
  useStack,
} from "./support/rig.mjs";

const DESTROYS = 'on_replace = "destroy"\non_delete = "destroy"\ndestroy_within = "app/"\n';
const MANIFESTS = {
  "Photo.toml": `class = "Photo"\n[fields.picture]\ngrace = "1s"\n${DESTROYS}[fields.gallery]\nmany = true\ngrace = "1s"\n${DESTROYS}`,
  "Slow.toml": `class = "Slow"\n[fields.picture]\ngrace = "5s"\n${DESTROYS}`,
  "Album.toml": 'class = "Album"\n[fields.cover]\n[fields.pictures]\nmany = true\n',
};
const REFUSED_KEY = "refuses the master key: check PARSE_SERVER_MASTER_KEY";

const database = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-clean-up-"));
const parseServer = { database, env: { PARSE_SERVER_CLOUD: path.join(import.meta.dirname, "support/photo-cloud-code.cjs") } };
const stack = useStack({
  manifests: MANIFESTS,
  classes: {
    Photo: { picture: "String", gallery: "Array" },
    Slow: { picture: "String" },
    Album: { cover: "String", pictures: "Array" },
  },
  parseServer,
});
const { uploaded, photo, destroyCalls } = picturesOf(stack);
after(() => rmSync(database, { recursive: true, force: true }));

/** Waits for a try that fails. */
const failedJob = () => until("a failed try", async () => (await jobs(stack)).find(({ state }) => state === "failed"));

async function startParseServerAgain() {
  const port = Number(new URL(stack.parseServer.url).port);
  stack.parseServer = await startParseServer(stack.folder, { ...parseServer, port });
}

async function assertGone(...publicIds) {
  for (const publicId of publicIds) assert.equal(await exists(stack, publicId), false, publicId);
}

async function assertKept(...publicIds) {
  for (const publicId of publicIds) {
    assert.equal(await exists(stack, publicId), true, publicId);
    assert.equal(destroyCalls(publicId), 0, publicId);
  }
}

describe("a picture that nothing refers to any more", () => {
  test("is destroyed when it is replaced, and the new one stays", async () => {
    const [id] = await photo("app/old");
    const fresh = await uploaded("app/new");
    await update(stack, "Photo", id, { picture: fresh }, AS_CLIENT);
    await settled(stack);
    await assertGone("app/old");
    await assertKept("app/new");
    assert.equal((await row(stack, "Photo", id)).picture, bare(fresh));
  });

  test("is destroyed when its field is cleared, in each of the ways that there are", async () => {
    const [[byNull], [byDelete]] = [await photo("app/null"), await photo("app/delete")];
    await update(stack, "Photo", byNull, { picture: null }, AS_CLIENT);
    await update(stack, "Photo", byDelete, { picture: { __op: "Delete" } }, AS_CLIENT);
    await settled(stack);
    await assertGone("app/null", "app/delete");
  });

  test("is destroyed when it leaves an array, and the others stay", async () => {
    const names = ["app/one", "app/two", "app/three"];
    const gallery = [];
    for (const name of names) gallery.push(await uploaded(name));
    const id = await create(stack, "Photo", { gallery }, AS_CLIENT);
    const stored = (await row(stack, "Photo", id)).gallery;
    await update(stack, "Photo", id, { gallery: { __op: "Remove", objects: [stored[0]] } }, AS_CLIENT);
    await update(stack, "Photo", id, { gallery: [stored[1]] }, AS_CLIENT);
    await settled(stack);
    await assertGone("app/one", "app/three");
    await assertKept("app/two");
  });

  test("is destroyed with its object, from every field", async () => {
    const [picture, inGallery] = [await uploaded("app/single"), await uploaded("app/listed")];
    const id = await create(stack, "Photo", { picture, gallery: [inGallery] }, AS_CLIENT);
    const answer = await stack.rest("DELETE", `/classes/Photo/${id}`);
    assert.equal(answer.text, "{}");
    await settled(stack);
    await assertGone("app/single", "app/listed");
  });

  test("is destroyed when Cloud Code or the master key replaces or deletes", async () => {
    const [[byMaster], [byCode], [deleted]] = [await photo("app/m"), await photo("app/c"), await photo("app/d")];
    await update(stack, "Photo", byMaster, { picture: await uploaded("app/m2") });
    await Parse.Cloud.run("replacePicture", { id: byCode, picture: await uploaded("app/c2") });
    await Parse.Cloud.run("deletePhoto", { id: deleted });
    await settled(stack);
    await assertGone("app/m", "app/c", "app/d");
    await assertKept("app/m2", "app/c2");
  });

  test("is told by its whole name, whatever a regular expression would make of it", async () => {
    const [lost, like] = ["app/a.b+c(d)", "app/aXb-c-d-"];
    const [id] = await photo(lost);
    await photo(like);
    await update(stack, "Photo", id, { picture: null }, AS_CLIENT);
    await settled(stack);
    await assertGone(lost);
    await assertKept(like);
  });
});

describe("a picture", () => {
  test("survives if it is attached again within its grace", async () => {
    const [id, signed] = await photo("app/again", "Slow");
    await update(stack, "Slow", id, { picture: null }, AS_CLIENT);
    await update(stack, "Slow", id, { picture: signed }, AS_CLIENT);
    await settled(stack);
    await assertKept("app/again");
  });

  const shared = {
    "another row": { class: "Photo", columns: (signed) => ({ picture: signed }) },
    "a row that its ACL hides": { class: "Photo", columns: (signed) => ({ picture: signed, ACL: {} }) },
    "a hidden row of another class": { class: "Album", columns: (signed) => ({ cover: signed, ACL: {} }) },
    "an array of another class": { class: "Album", columns: (signed) => ({ pictures: [signed], ACL: {} }) },
  };
  for (const [index, [who, { class: className, columns }]] of Object.entries(shared).entries()) {
    test(`survives if ${who} refers to it`, async () => {
      // Signs that a regular expression would read must not hide it either.
      const name = `app/sh.red+(${index})`;
      const [id, signed] = await photo(name);
      const other = await create(stack, className, columns(signed), AS_CLIENT);
      await update(stack, "Photo", id, { picture: null }, AS_CLIENT);
      await settled(stack);
      await assertKept(name);

      // The last reference goes: now it may.
      await stack.rest("DELETE", `/classes/${className}/${other}`, { master: true });
      await settled(stack);
      assert.equal(await exists(stack, name), className !== "Photo");
    });
  }

  test("survives as another version of itself", async () => {
    const [id] = await photo("app/version");
    const newer = await uploaded("app/version");
    await update(stack, "Photo", id, { picture: newer }, AS_CLIENT);
    await settled(stack);
    await assertKept("app/version");
    assert.equal((await row(stack, "Photo", id)).picture, bare(newer));
  });

  test("is found by audit, where saves replaced it at the same moment and clean-up heard of it from none", async () => {
    const [id] = await photo("app/at-once");
    const names = Array.from({ length: 10 }, (_, number) => `app/at-once-${number}`);
    const pictures = [];
    for (const name of names) pictures.push(await uploaded(name));
    await Promise.all(pictures.map((picture) => update(stack, "Photo", id, { picture }, AS_CLIENT)));
    await settled(stack);
    await assertGone("app/at-once");
    const { picture: held } = await row(stack, "Photo", id);
    const left = [];
    for (const [number, name] of names.entries()) {
      if (bare(pictures[number]) !== held && (await exists(stack, name))) left.push(name);
    }
    assert.notEqual(left.length, 0);

    const { code, stdout, stderr } = await stack.cli(["audit", "--json"]);
    assert.equal(code, 0, stderr);
    const findings = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    const orphans = findings.filter(({ finding }) => finding === "orphan").map((asset) => asset.public_id);
    assert.deepEqual(orphans.filter((name) => name.startsWith("app/at-once")).sort(), left.sort());
  });

  test("outside destroy_within is never destroyed", async () => {
    const [[cleared], [deleted]] = [await photo("other/cleared"), await photo("application/deleted")];
    await update(stack, "Photo", cleared, { picture: null }, AS_CLIENT);
    await stack.rest("DELETE", `/classes/Photo/${deleted}`);
    assert.deepEqual(await jobs(stack), []);
    await assertKept("other/cleared", "application/deleted");
  });
});

describe("a job", () => {
  test("waits while Parse Server is stopped, and /ready says so", async () => {
    const [id] = await photo("app/stopped", "Slow");
    await update(stack, "Slow", id, { picture: null }, AS_CLIENT);
    assert.equal(await stack.parseServer.stop(), 0);
    const job = await failedJob();
    assert.match(job.error, /^cannot connect to Parse Server at /);
    const { status, checks } = await readiness(stack);
    assert.equal(status, 503);
    assert.match(checks.parse_server, /^cannot connect to Parse Server at /);
    await assertKept("app/stopped");

    await startParseServerAgain();
    await settled(stack);
    await assertGone("app/stopped");
    await until("readiness", async () => (await readiness(stack)).status === 200);
  });

  test("is on disk when the save is answered, and done once after kill -9", async () => {
    const [id] = await photo("app/killed", "Slow");
    await update(stack, "Slow", id, { picture: null }, AS_CLIENT);
    await restartService(stack, {}, "SIGKILL");
    await settled(stack);
    await assertGone("app/killed");
    assert.equal(destroyCalls("app/killed"), 1);
  });

  test("destroys nothing while the master key is wrong, and /ready says why", async () => {
    const [id] = await photo("app/key", "Slow");
    await photo("app/hidden", "Slow");
    await update(stack, "Slow", id, { picture: null }, AS_CLIENT);
    await restartService(stack, { PARSE_SERVER_MASTER_KEY: "wrong" });
    const job = await failedJob();
    assert.ok(job.error.includes(REFUSED_KEY), job.error);
    const { status, checks } = await readiness(stack);
    assert.equal(status, 503);
    assert.ok(checks.parse_server.includes(REFUSED_KEY), checks.parse_server);
    await assertKept("app/key");

    await restartService(stack, { PARSE_SERVER_MASTER_KEY: PARSE.masterKey });
    await settled(stack);
    await assertGone("app/key");
    await assertKept("app/hidden");
  });
});
