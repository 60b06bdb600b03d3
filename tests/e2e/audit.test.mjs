// `audit` against a real Parse Server: rows that ACLs hide, arrays, a wrong master key, stripping past a registered guard, delivery
// URLs that become identifiers while clients save.
// AUDIT_ROWS says how many rows there are.
import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { writeManifests } from "../../scripts/parse-server/stack.mjs";
import { ACCOUNT, AS_CLIENT, assertRefused, bare, create, exists, identifier as signedIdentifier, jobs, mintIdentifier, put, row, update, useStack, VERSION as PARSE_SERVER } from "./support/rig.mjs";
import { startProxy } from "./support/tampering-proxy.mjs";

const ROWS = Number(process.env.AUDIT_ROWS ?? 120);
const ROWS_A_REQUEST = 40;
const VERSION = 1_700_000_000;
const PHOTO = `
class = "Photo"
[fields.picture]
folder = "app/pictures"
destroy_within = "app/"
[fields.gallery]
many = true
folder = "app/gallery"
destroy_within = "app/"
`;
const HIDDEN = { ACL: {} };

const DESTROY = ["--destroy-orphans", "--older-than", "1ms", "--yes"];

/** Runs an audit and reads its report. */
async function auditOf(stack, args = [], env = {}) {
  const { code, stdout, stderr } = await stack.cli(["audit", "--json", ...args], env);
  const lines = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const { summary } = lines.pop() ?? {};
  return { code, stderr, findings: lines, summary };
}

const found = ({ findings }, kind) => findings.filter(({ finding }) => finding === kind);

const stack = useStack({
  register: false,
  manifests: { "Photo.toml": PHOTO },
  classes: { Photo: { picture: "String", gallery: "Array" } },
  prepare: async () => {
    for (const name of ["pictures/used", "pictures/orphan", "gallery/used"]) await put(stack, `app/${name}`);
    await put(stack, "other/asset");
    await createRows(Array.from({ length: ROWS }, () => ({ picture: identifier("app/pictures/used"), ...HIDDEN })));
  },
});

const identifier = (publicId) => `image/upload/v${VERSION}/${publicId}.jpg`;

async function createRows(rows) {
  for (let start = 0; start < rows.length; start += ROWS_A_REQUEST) {
    const requests = rows
      .slice(start, start + ROWS_A_REQUEST)
      .map((body) => ({ method: "POST", path: "/parse/classes/Photo", body }));
    const answer = await stack.rest("POST", "/batch", { master: true, body: { requests } });
    assert.ok(answer.json.every(({ success }) => success), answer.text);
  }
}

const audit = (args, env) => auditOf(stack, args, env);

describe("audit", () => {
  test("finds what is wrong in rows that only the master key sees", async () => {
    const signed = mintIdentifier("app/pictures/used", VERSION);
    const odd = await create(stack, "Photo", { picture: "used.jpg", ...HIDDEN });
    const left = await create(stack, "Photo", { picture: signed, ...HIDDEN });
    const list = [identifier("app/gallery/used"), identifier("app/gallery/gone")];
    const gallery = await create(stack, "Photo", { gallery: list, ...HIDDEN });

    const result = await audit();
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.summary.rows, ROWS + 3);
    assert.deepEqual(found(result, "malformed").map(({ objectId }) => objectId), [odd]);
    assert.deepEqual(found(result, "left_over_signature").map(({ objectId }) => objectId), [left]);
    assert.deepEqual(
      found(result, "missing_asset").map(({ objectId, identifier }) => [objectId, identifier]),
      [[gallery, list[1]]],
    );
    assert.deepEqual(found(result, "orphan").map((asset) => asset.public_id), ["app/pictures/orphan"]);
  });

  test("strips left-over signatures past the guard", async () => {
    assert.equal((await stack.cli(["register"])).code, 0);
    const { json } = await stack.rest("GET", `/classes/Photo?where=${encodeURIComponent('{"picture":{"$regex":"#"}}')}`, { master: true });
    const [{ objectId, picture: signed }] = json.results;
    const result = await audit(["--fix", "strip"]);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.summary.stripped, 1);
    assert.equal((await row(stack, "Photo", objectId)).picture, bare(signed));
  });

  test("destroys nothing with a wrong master key", async () => {
    const result = await audit(DESTROY, { PARSE_SERVER_MASTER_KEY: "wrong" });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /PARSE_SERVER_MASTER_KEY/);
    assert.equal((await audit()).summary.orphans, 1);
  });

  test("destroys orphans, and only them", async () => {
    const result = await audit(DESTROY);
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(found(result, "destroyed").map((asset) => asset.public_id), ["app/pictures/orphan"]);
    const after = await audit();
    assert.equal(after.summary.orphans, 0);
    assert.equal(after.summary.assets, 2);
  });
});

describe("audit, where Cloud Code hides rows from the master key", () => {
  const guarding = (name, field) => `class = "${name}"\n[fields.${field}]\nfolder = "app"\ndestroy_within = "app/"\n`;
  const manifests = { "Photo.toml": guarding("Photo", "picture"), "Album.toml": `${guarding("Album", "pictures")}many = true\n` };
  const fields = { shown: "Boolean", friends: { type: "Relation", targetClass: "_User" } };
  const hiding = useStack({
    register: false,
    manifests,
    classes: {
      Photo: { picture: "String", ...fields },
      Album: { pictures: "Array", ...fields },
      Shelf: { picture: "String" },
    },
    parseServer: { env: { PARSE_SERVER_CLOUD: path.join(import.meta.dirname, "support/hiding-cloud-code.cjs") } },
    prepare: async () => {
      for (const name of ["before", "after", "orphan"]) await put(hiding, `app/${name}`);
      await create(hiding, "Photo", { picture: identifier("app/before") });
      await create(hiding, "Album", { pictures: [[identifier("app/after")]] });
    },
  });

  test("they are hidden from its queries", async () => {
    for (const name of ["Photo", "Album"]) {
      const { json } = await hiding.rest("GET", `/classes/${name}`, { master: true });
      assert.deepEqual(json, { results: [] });
    }
  });

  test("it reads past the triggers and destroys nothing that those rows hold", async () => {
    const result = await auditOf(hiding, DESTROY);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.summary.rows, 2);
    assert.deepEqual(found(result, "destroyed").map((asset) => asset.public_id), ["app/orphan"]);
    for (const name of ["app/before", "app/after"]) assert.equal(await exists(hiding, name), true, name);
  });

  test("it takes no rows that a trigger makes up", { skip: PARSE_SERVER < 9 && "before Parse Server 9 no beforeFind can" }, async () => {
    await put(hiding, "app/orphan");
    writeManifests(hiding.webhooks, { ...manifests, "Shelf.toml": guarding("Shelf", "picture") });
    const result = await auditOf(hiding, DESTROY);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /Shelf: Parse Server at \S+ answered the row made-up /);
    assert.equal(await exists(hiding, "app/orphan"), true);
  });

  test("a mistyped class destroys nothing", async () => {
    await put(hiding, "app/orphan");
    writeManifests(hiding.webhooks, { ...manifests, "Phto.toml": guarding("Phto", "picture") });
    const result = await auditOf(hiding, DESTROY);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /^Parse Server has no class Phto$/m);
    assert.equal(await exists(hiding, "app/orphan"), true);
  });
});

describe("audit --fix urls", () => {
  const URLS = ["--fix", "urls"];
  const manifest = `
class = "Photo"
[fields.picture]
folder = "app/{user.objectId}"
on_replace = "destroy"
grace = "0s"
destroy_within = "app/"
[fields.gallery]
many = true
`;
  const host = `https://res.cloudinary.com/${ACCOUNT.cloud_name}`;
  const urls = useStack({
    register: false,
    manifests: { "Photo.toml": manifest },
    classes: { Photo: { picture: "String", gallery: "Array", title: "String" } },
    prepare: async () => {
      for (const name of ["app/u1/cat", "app/u1/kätzchen (猫)", "app/u1/dog", "other/cat"]) stored[name] = bare(signedIdentifier(await put(urls, name)));
    },
  });
  /** What Cloudinary tells of each asset. */
  const stored = {};
  const url = `${host}/image/upload/c_fill,w_150/v1/app/u1/cat.webp`;
  const encoded = `${host}/image/upload/${encodeURI("app/u1/kätzchen (猫)")}.png?_a=B`;
  const ids = {};

  test("writes nothing before the guard is registered", async () => {
    ids.cat = await create(urls, "Photo", { picture: url, title: "old" });
    ids.encoded = await create(urls, "Photo", { picture: encoded, ...HIDDEN });
    ids.other = await create(urls, "Photo", { picture: `${host}/image/upload/v1/other/cat.png` });
    ids.gone = await create(urls, "Photo", { picture: `${host}/image/upload/v1/app/u1/gone.png` });
    ids.foreign = await create(urls, "Photo", { picture: "https://example.com/cat.png" });
    const gallery = ["legacy.jpg", url, "https://example.com/cat.png", bare(mintIdentifier("app/u1/dog", 1)), encoded, 1.5, { a: [url] }];
    ids.gallery = await create(urls, "Photo", { gallery });
    const result = await auditOf(urls, URLS);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /^error: --fix urls: Parse Server does not call the guard of Photo, /m);
    assert.equal((await row(urls, "Photo", ids.cat)).picture, url);
  });

  test("without --fix it tells what it would do, and changes nothing", async () => {
    assert.equal((await urls.cli(["register"])).code, 0);
    const before = await row(urls, "Photo", ids.cat);
    const result = await auditOf(urls);
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(
      found(result, "delivery_url").map(({ objectId, field, identifier }) => [objectId, field, identifier]).sort(),
      [
        [ids.cat, "picture", stored["app/u1/cat"]],
        [ids.encoded, "picture", stored["app/u1/kätzchen (猫)"]],
        [ids.gallery, "gallery", stored["app/u1/cat"]],
        [ids.gallery, "gallery", stored["app/u1/kätzchen (猫)"]],
      ].sort(),
    );
    const { delivery_urls, kept_urls, rewritten } = result.summary;
    assert.deepEqual({ delivery_urls, kept_urls, rewritten }, { delivery_urls: 4, kept_urls: 4, rewritten: 0 });
    assert.deepEqual(await row(urls, "Photo", ids.cat), before);
  });

  test("writes identifiers past the guard, and nothing else", async () => {
    const before = await row(urls, "Photo", ids.gallery);
    const result = await auditOf(urls, URLS);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.summary.rewritten, 3);
    const after = await row(urls, "Photo", ids.cat);
    assert.deepEqual([after.picture, after.title], [stored["app/u1/cat"], "old"]);
    assert.equal((await row(urls, "Photo", ids.encoded)).picture, stored["app/u1/kätzchen (猫)"]);
    const { gallery } = before;
    assert.deepEqual((await row(urls, "Photo", ids.gallery)).gallery, [
      gallery[0], stored["app/u1/cat"], gallery[2], gallery[3], stored["app/u1/kätzchen (猫)"], gallery[5], gallery[6],
    ]);
    assert.deepEqual(
      found(result, "kept_url").map(({ objectId, reason }) => [objectId, reason]).sort(),
      [
        [ids.other, `the field does not take ${stored["other/cat"]}: expected a public_id that begins with "app/"`],
        [ids.gone, "its asset does not exist: image/upload/app/u1/gone"],
        [ids.foreign, "not a delivery URL of this account: its host or its cloud name is another"],
        [ids.gallery, "not a delivery URL of this account: its host or its cloud name is another"],
      ].sort(),
    );
    assert.equal((await row(urls, "Photo", ids.other)).picture, `${host}/image/upload/v1/other/cat.png`);
  });

  test("destroys nothing by it, and a second run has nothing to do", async () => {
    assert.deepEqual(await jobs(urls), []);
    for (const name of Object.keys(stored)) assert.equal(await exists(urls, name), true, name);
    const again = await auditOf(urls, URLS);
    assert.deepEqual([again.code, again.summary.delivery_urls, again.summary.rewritten], [0, 0, 0]);
  });

  test("nobody else writes so: the master key and a client are refused what the audit may write", async () => {
    const id = ids.foreign;
    for (const options of [{ master: true }, AS_CLIENT]) {
      assertRefused(await urls.rest("PUT", `/classes/Photo/${id}`, { body: { picture: stored["app/u1/cat"] }, ...options }), "Bad signature");
      assertRefused(await urls.rest("PUT", `/classes/Photo/${ids.gallery}`, { body: { gallery: [stored["app/u1/cat"], "x"] }, ...options }), "Photo.gallery: expected resource_type/type/vVERSION/public_id");
    }
  });

  test("a client that saves between the last look and the write keeps its picture", async () => {
    // The guard was not there when these were written.
    assert.equal((await urls.cli(["unregister"])).code, 0);
    const raced = await create(urls, "Photo", { picture: url });
    const cleared = await create(urls, "Photo", { picture: url });
    const added = await create(urls, "Photo", { gallery: [url] });
    const renamed = await create(urls, "Photo", { picture: url });
    assert.equal((await urls.cli(["register"])).code, 0);
    const newer = mintIdentifier("app/u1/newer");
    const saves = {
      [raced]: { body: { gallery: [newer] } },
      [cleared]: { body: { picture: { __op: "Delete" } } },
      [added]: { body: { gallery: { __op: "AddUnique", objects: [newer] } } },
      [renamed]: { body: { title: "new" } },
    };
    const proxy = await startProxy(new URL(urls.parseServer.url).origin, async (_, requested, method) => {
      const id = Object.keys(saves).find((objectId) => requested.includes(`/classes/Photo/${objectId}?`));
      if (method === "GET" && id) await update(urls, "Photo", id, saves[id].body, AS_CLIENT);
    });
    const through = new URL(urls.parseServer.url);
    through.host = new URL(proxy.url).host;
    const result = await auditOf(urls, URLS, { CLOUDINARY_PARSE_SERVER_URL: through.href });
    proxy.stop();
    assert.equal(result.code, 1, result.stderr);
    assert.deepEqual(
      found(result, "not_rewritten").map(({ objectId, reason }) => [objectId, reason]).sort(),
      [cleared, added].map((id) => [id, "it has changed since it was read"]).sort(),
    );
    assert.equal((await row(urls, "Photo", cleared)).picture, undefined);
    // Parse Server's AddUnique keeps no order on PostgreSQL.
    const gallery = async () => (await row(urls, "Photo", added)).gallery.sort();
    assert.deepEqual(await gallery(), [url, bare(newer)].sort());
    // Other columns of the same row are no reason.
    const both = await row(urls, "Photo", raced);
    assert.deepEqual([both.picture, both.gallery], [stored["app/u1/cat"], [bare(newer)]]);
    const { picture, title } = await row(urls, "Photo", renamed);
    assert.deepEqual([picture, title], [stored["app/u1/cat"], "new"]);
    // The next run does what is left.
    const again = await auditOf(urls, URLS);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await gallery(), [stored["app/u1/cat"], bare(newer)].sort());
  });
});
