// docs/rotation.md, step by step: no save is refused while a key or a secret changes.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { startParseServer } from "../../scripts/parse-server/stack.mjs";
import { ACCOUNT, assertRefused, bare, cloudinary, create, mintIdentifier, PARSE, restartService, row, useStack } from "./support/rig.mjs";

const MANIFESTS = { "Note.toml": 'class = "Note"\n[fields.picture]\n' };
const classes = { Note: { picture: "String" } };

/** How often a key of this kind that is being rotated out was used. */
async function previousUses(stack, kind) {
  const text = await (await fetch(`${stack.service.adminUrl}/metrics`)).text();
  return Number(text.match(new RegExp(`previous_key_uses_total\\{kind="${kind}"\\} (\\d+)`))[1]);
}

async function saves(stack, identifier) {
  const id = await create(stack, "Note", { picture: identifier });
  assert.equal((await row(stack, "Note", id)).picture, bare(identifier));
}

describe("rotating the webhook key", () => {
  const database = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-rotation-"));
  const stack = useStack({ manifests: MANIFESTS, classes, parseServer: { database } });

  test("refuses no save at any step", async () => {
    await saves(stack, mintIdentifier("before"));

    await restartService(stack, { PARSE_SERVER_WEBHOOK_KEY: "the next key", PARSE_SERVER_WEBHOOK_KEY_PREVIOUS: PARSE.webhookKey });
    await saves(stack, mintIdentifier("both"));
    assert.equal(await previousUses(stack, "webhook_key"), 1);

    assert.equal(await stack.parseServer.stop(), 0);
    stack.parseServer = await startParseServer(stack.folder, {
      database,
      port: Number(new URL(stack.parseServer.url).port),
      env: { PARSE_SERVER_WEBHOOK_KEY: "the next key" },
    });
    const uses = await previousUses(stack, "webhook_key");
    await saves(stack, mintIdentifier("new"));
    assert.equal(await previousUses(stack, "webhook_key"), uses);

    await restartService(stack, { PARSE_SERVER_WEBHOOK_KEY_PREVIOUS: undefined });
    await saves(stack, mintIdentifier("after"));
  });
});

describe("rotating the secret of Cloudinary", () => {
  const stack = useStack({
    manifests: { "Note.toml": `${MANIFESTS["Note.toml"]}sync = true\n` },
    classes,
    // What the account has now; an app may still hold what the old secret signed.
    env: { CLOUDINARY_API_SECRET_PREVIOUS: "the old secret" },
  });
  const signedBefore = (publicId) => {
    const version = Math.floor(Date.now() / 1000);
    const signature = cloudinary.utils.api_sign_request({ public_id: publicId, version }, "the old secret", "sha1", 1);
    return `image/upload/v${version}/${publicId}.jpg#${signature}`;
  };

  test("accepts both, counts the old one, and refuses it once it is gone", async () => {
    await saves(stack, mintIdentifier("new"));
    assert.equal(await previousUses(stack, "cloudinary_secret"), 0);
    await saves(stack, signedBefore("old"));
    assert.equal(await previousUses(stack, "cloudinary_secret"), 1);

    // Cloudinary goes on signing notifications with the oldest key: of its own, that says nothing of the app's uploads.
    const notify = async () => {
      const body = JSON.stringify({ notification_type: "delete", resources: [], timestamp: new Date().toISOString() });
      const timestamp = Math.floor(Date.now() / 1000);
      const headers = { "X-Cld-Timestamp": `${timestamp}`, "X-Cld-Signature": cloudinary.utils.webhook_signature(body, timestamp, { api_secret: "the old secret" }) };
      const answer = await fetch(`${stack.service.url}/cloudinary/notifications`, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });
      return answer.status;
    };
    assert.equal(await notify(), 200);
    assert.deepEqual([await previousUses(stack, "notification"), await previousUses(stack, "cloudinary_secret")], [1, 1]);

    await restartService(stack, { CLOUDINARY_API_SECRET_PREVIOUS: undefined, CLOUDINARY_NOTIFICATION_SECRET: "the old secret" });
    assert.equal(await notify(), 200);
    assert.equal(await previousUses(stack, "notification"), 0);
    await saves(stack, mintIdentifier("newer"));
    const late = await stack.rest("POST", "/classes/Note", { master: true, body: { picture: signedBefore("late") } });
    assertRefused(late, "Bad signature");
    assert.equal(stack.service.output().includes(ACCOUNT.api_secret), false);
  });
});
