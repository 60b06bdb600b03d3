// The JavaScript of docs/mobile.md: it tells an outage of the service from a refusal as cloudinary-parse/client does, and saves again after one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, test } from "node:test";
import { Parse } from "../../scripts/parse-server/client.mjs";
import { REPOSITORY } from "../../scripts/parse-server/stack.mjs";

const { signError } = createRequire(import.meta.url)("../../npm/cloudinary-parse/lib/errors.js");
const [, text] = readFileSync(path.join(REPOSITORY, "docs/mobile.md"), "utf8").match(/^```js\n(.*?)^```/ms);
const { isOutage, savePicture } = await import(`data:text/javascript,${encodeURIComponent(`${text}\nexport { isOutage, savePicture };`)}`);

const OUTAGES = [
  "connect ECONNREFUSED 127.0.0.1:8080",
  "getaddrinfo EAI_AGAIN cloudinary-parse",
  "read ECONNRESET",
  "write EPIPE",
  "socket hang up",
  "Malformed response",
  { status: 503, headers: {}, text: "" },
  '{"status":502,"headers":{},"text":"<html>"}',
];
const REFUSALS = ["Bad signature", "Needs an authenticated user", "Photo.picture: expected an identifier", "connect", "public_id: socket hang up", "sign: too many requests, try again in 12 s"];

/** An object whose saves end with these errors, then succeed. */
function failing(...errors) {
  const saves = [];
  return {
    saves,
    async save(attributes) {
      saves.push(attributes);
      const error = errors.shift();
      if (error) throw error;
      return this;
    },
  };
}

describe("docs/mobile.md's JavaScript", () => {
  test("knows an outage where the client does", () => {
    for (const message of OUTAGES) {
      const error = new Parse.Error(141, message);
      assert.deepEqual([isOutage(error), signError(error).reason], [true, "unavailable"], JSON.stringify(message));
    }
  });

  test("takes no refusal for one", () => {
    for (const message of REFUSALS) {
      const error = new Parse.Error(141, message);
      assert.deepEqual([isOutage(error), signError(error).reason], [false, "refused"], message);
    }
    assert.equal(isOutage(new Parse.Error(209, "connect ECONNREFUSED 127.0.0.1:8080")), false);
  });

  test("saves again after an outage", async () => {
    const object = failing(new Parse.Error(141, OUTAGES[0]));
    assert.equal(await savePicture(object, "picture", "a#b"), object);
    assert.deepEqual(object.saves, [{ picture: "a#b" }, { picture: "a#b" }]);
  });

  test("does not save again what was refused", async () => {
    const refusal = new Parse.Error(141, "Bad signature");
    const object = failing(refusal);
    await assert.rejects(savePicture(object, "picture", "a#b"), refusal);
    assert.equal(object.saves.length, 1);
  });
});
