// scripts/live.sh asks a real account; here Cloudinary's double answers, which is built on the same assumptions.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { run } from "../../scripts/parse-server/processes.mjs";
import { REPOSITORY, startCloudinaryDouble } from "../../scripts/parse-server/stack.mjs";
import { ACCOUNT } from "./support/rig.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-live-"));
let double;
before(async () => {
  double = await startCloudinaryDouble(folder);
});
after(async () => {
  await double?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const live = (CLOUDINARY_URL) => run("bash", ["scripts/live.sh"], { cwd: REPOSITORY, env: { CLOUDINARY_URL } });
const verdicts = (stdout) => stdout.split("\n").filter((line) => line.startsWith("| ")).slice(1);

test("live.sh finds all that is assumed at the double, and leaves nothing behind", async () => {
  const { code, stdout, stderr } = await live(double.cloudinaryUrl);
  assert.equal(code, 0, stdout + stderr);
  const rows = verdicts(stdout);
  assert.ok(rows.length >= 25, stdout);
  assert.deepEqual(rows.filter((row) => !/^\| (same|not seen) \|/.test(row)), []);
  const headers = { Authorization: `Basic ${btoa(`${ACCOUNT.api_key}:${ACCOUNT.api_secret}`)}` };
  for (const kind of ["image/upload", "image/private", "image/authenticated", "raw/upload"]) {
    const answer = await fetch(`${double.url}/v1_1/${ACCOUNT.cloud_name}/resources/${kind}?max_results=500`, { headers });
    assert.deepEqual(await answer.json(), { resources: [] }, kind);
  }
});

test("live.sh ends with 1 and shows both where something differs", async () => {
  const { code, stdout } = await live(double.cloudinaryUrl.replace(ACCOUNT.api_secret, "another-secret"));
  assert.equal(code, 1, stdout);
  assert.match(stdout, /^\| \*\*differs\*\* \| an upload signed with SHA-1 \| 200 \| 401 \|$/m);
  assert.match(stdout, /^\| \*\*differs\*\* \| destroy, twice \| ok, then not found \| undefined, then undefined \|$/m);
});

test("live.sh says how it is called where there is no account", async () => {
  const { code, stderr } = await live("");
  assert.deepEqual([code, stderr], [64, "usage: CLOUDINARY_URL=cloudinary://KEY:SECRET@CLOUD scripts/live.sh\n"]);
});
