// `action = "sign_params"`, judged by Cloudinary's official SDK: whatever a client sends is signed as the SDK would sign it, or refused by name.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { cloudinary } from "../../scripts/parse-server/client.mjs";
import { PARSE, startService, writeManifests } from "../../scripts/parse-server/stack.mjs";

const SECRET = "secret-of-the-account";
const CASES = 400;
const MANIFEST = `
function = "sign"
action = "sign_params"
access = "public"
[upload]
folder = "albums/{params.album}"
unique_filename = true
tags = ["a", "b"]
[accept]
upload_preset = ["avatar", "cover"]
context = true
display_name = true
allowed_formats = true
custom_coordinates = true
invalidate = true
`;
const RESERVED = ["version", "signature", "api_key", "file", "resource_type", "cloud_name"];
const UNKNOWN = ["eager", "public_id", "callback", "Tags", "constructor"];
const TEXTS = ["a", "alt=a b", "a&b", "x&timestamp=1", "%26", "=|=", "ü🐈", "\u0000\n", " ", "#?\\", "a,b", "0", "[object Object]"];
const VALUES = {
  upload_preset: ["avatar", "cover", ["avatar"]],
  context: [...TEXTS, 5, true],
  display_name: [...TEXTS, 1.5, 1e21, 0, -1e-7],
  allowed_formats: ["jpg", "jpg,png", ["jpg", "png"], ["a&b", "c"], [["x", 1], 2]],
  custom_coordinates: ["1,2,3,4", [1, 2, 3, 4], [[1, 2, 3, 4]], "1,2,3,4|5,6,7,8"],
  invalidate: [true, false, "true", "0", 1],
  source: ["uw"],
};
const EMPTY = ["", null, [], [""], [null]];

/** The same numbers for the same seed. */
function random(seed) {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** What a client sends, and the parameters that must not pass, of which one is named. */
function call(next, version) {
  const pick = (list) => list[next(list.length)];
  const now = Math.floor(Date.now() / 1000);
  const timestamp = now - 3200 + next(3400);
  const entries = [
    ["timestamp", pick([timestamp, String(timestamp)])],
    ["album", "a1"],
    ["folder", "albums/a1"],
    ["unique_filename", pick([true, "true", 1, "1"])],
    ["tags", pick(["a,b", ["a", "b"]])],
  ];
  let refused = [];
  for (const name of Object.keys(VALUES)) {
    if (next(3) > 0) continue;
    const value = pick(next(4) === 0 ? EMPTY : VALUES[name]);
    entries.push([name, value]);
    if (version === 1 && String(value).includes("&")) refused.push(name);
  }
  if (next(8) === 0) {
    entries[2][1] = pick(["albums/a2", "", "albums/a1/", null]);
    refused.push("folder");
  }
  // Names come before values, the reserved ones first.
  for (const [names, values] of [[UNKNOWN, ["x", ""]], [RESERVED, ["x", 1, "", null]]]) {
    if (next(10) > 0) continue;
    const name = pick(names);
    entries.push([name, pick(values)]);
    refused = [name];
  }
  for (let index = entries.length - 1; index > 0; index--) {
    const other = next(index + 1);
    [entries[index], entries[other]] = [entries[other], entries[index]];
  }
  return { params: Object.fromEntries(entries), refused };
}

describe("sign_params beside the official SDK", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-sign-params-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [algorithm, version] of [["sha1", 2], ["sha256", 2], ["sha1", 1]]) {
    describe(`${algorithm}, version ${version}`, () => {
      let service;
      before(async () => {
        service = await startService({
          folder,
          env: {
            CLOUDINARY_URL: `cloudinary://key:${SECRET}@demo?signature_algorithm=${algorithm}&signature_version=${version}`,
            CLOUDINARY_PARSE_WEBHOOKS: writeManifests(path.join(folder, "webhooks"), { "sign.toml": MANIFEST }),
            PARSE_SERVER_WEBHOOK_KEY: PARSE.webhookKey,
          },
        });
      });
      after(() => service?.stop());

      const ask = async (params) => {
        const headers = { "Content-Type": "application/json", "X-Parse-Webhook-Key": PARSE.webhookKey };
        const response = await fetch(`${service.url}/functions/sign`, { method: "POST", headers, body: JSON.stringify({ functionName: "sign", params, master: false }) });
        assert.equal(response.status, 200);
        return response.json();
      };

      test(`${CASES} calls are signed as the SDK signs them, or refused by name`, async () => {
        const next = random(version * 100 + algorithm.length);
        const counts = { signed: 0, refused: 0 };
        for (let index = 0; index < CASES; index++) {
          const { params, refused } = call(next, version);
          const answer = await ask(params);
          const { album: _, ...posted } = params;
          if (refused.length === 0) {
            const signature = cloudinary.utils.api_sign_request(posted, SECRET, algorithm, version);
            assert.deepEqual(answer, { success: { signature, api_key: "key", timestamp: Number(params.timestamp) } }, JSON.stringify(params));
          } else {
            assert.ok(refused.some((name) => answer.error?.startsWith(`${name}: `)), `${JSON.stringify(params)}: ${JSON.stringify(answer)}`);
          }
          counts[refused.length === 0 ? "signed" : "refused"] += 1;
        }
        assert.ok(counts.signed > CASES / 4 && counts.refused > CASES / 10, JSON.stringify(counts));
      });
    });
  }
});
