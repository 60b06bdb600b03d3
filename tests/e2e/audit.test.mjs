// `audit` against a real Parse Server: rows that ACLs hide, arrays, a wrong master key, stripping past a registered guard.
// AUDIT_ROWS says how many rows there are.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bare, create, mintIdentifier, put, row, useStack } from "./support/rig.mjs";

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

async function audit(args = [], env = {}) {
  const { code, stdout, stderr } = await stack.cli(["audit", "--json", ...args], env);
  const lines = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const { summary } = lines.pop() ?? {};
  return { code, stderr, findings: lines, summary };
}

const found = ({ findings }, kind) => findings.filter(({ finding }) => finding === kind);

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
    const args = ["--destroy-orphans", "--older-than", "1ms", "--yes"];
    const result = await audit(args, { PARSE_SERVER_MASTER_KEY: "wrong" });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /PARSE_SERVER_MASTER_KEY/);
    assert.equal((await audit()).summary.orphans, 1);
  });

  test("destroys orphans, and only them", async () => {
    const result = await audit(["--destroy-orphans", "--older-than", "1ms", "--yes"]);
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(found(result, "destroyed").map((asset) => asset.public_id), ["app/pictures/orphan"]);
    const after = await audit();
    assert.equal(after.summary.orphans, 0);
    assert.equal(after.summary.assets, 2);
  });
});
