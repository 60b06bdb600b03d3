// Every upload parameter that the installed SDKs of Cloudinary know is one that a manifest may name.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { run } from "../../scripts/parse-server/processes.mjs";
import { binary, REPOSITORY, writeManifests } from "../../scripts/parse-server/stack.mjs";
import { ACCOUNT, cloudinary } from "./support/rig.mjs";

const PYTHON = path.join(process.env.CARGO_TARGET_DIR ?? path.join(REPOSITORY, "target"), "package-tools/python/bin/python");
/** Made by the service itself. */
const NEVER_CHOSEN = new Set(["timestamp", "signature", "api_key"]);

const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-sdk-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Those that the Node SDK builds of options, the ones included that it looks at only where they are given. */
function namesOfNode() {
  const names = new Set(Object.keys(cloudinary.utils.build_upload_params({})));
  cloudinary.utils.updateable_resource_params(
    new Proxy({}, { get: (_, name) => (typeof name === "string" && names.add(name), undefined) }),
  );
  return [...names];
}

/** Those of `names` that `check` does not know as an upload parameter. */
async function unknownOf(names) {
  const lines = names.map((name) => `${name} = true`).join("\n");
  const manifests = writeManifests(path.join(folder, "webhooks"), { "sign.toml": `function = "sign"\naction = "sign_upload"\naccess = "user"\n[accept]\n${lines}\n` });
  const { api_key, api_secret, cloud_name } = ACCOUNT;
  const env = { CLOUDINARY_URL: `cloudinary://${api_key}:${api_secret}@${cloud_name}`, CLOUDINARY_PARSE_WEBHOOKS: manifests, PARSE_SERVER_WEBHOOK_KEY: "key" };
  const { code, stdout, stderr } = await run(binary(), ["check"], { cwd: folder, env });
  const unknown = [...stderr.matchAll(/sign\.toml:(\d+): .*not an upload parameter/g)].map(([, line]) => names[line - 5]);
  assert.equal(code, unknown.length ? 1 : 0, stdout + stderr);
  return unknown;
}

test("those of the Node SDK", async () => {
  const names = namesOfNode().filter((name) => !NEVER_CHOSEN.has(name));
  assert.ok(names.length > 60, `${names}`);
  assert.deepEqual(await unknownOf(names), []);
});

test("those of the Python SDK", async (t) => {
  const { code, stdout, stderr } = existsSync(PYTHON)
    ? await run(PYTHON, ["-c", "import json; from cloudinary.utils import upload_params; print(json.dumps(upload_params))"], { env: {} })
    : { code: 1, stderr: "No module named 'cloudinary'" };
  if (stderr.includes("No module named 'cloudinary'")) return t.skip("the Python SDK is not installed: scripts/check-packages.sh does it");
  assert.equal(code, 0, stderr);
  const names = [...new Set(JSON.parse(stdout))].filter((name) => !NEVER_CHOSEN.has(name));
  assert.ok(names.length > 60, `${names}`);
  assert.deepEqual(await unknownOf(names), []);
});

test("what the SDKs do not know yet, and what nobody does", async () => {
  assert.deepEqual(await unknownOf(["auto_video_details"]), []);
  assert.deepEqual(await unknownOf(["tags", "auto_video_detail"]), ["auto_video_detail"]);
});
