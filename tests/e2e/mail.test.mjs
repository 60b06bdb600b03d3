// Parse Server's own saves of users: links in mails do with a guard what they do without one.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { bare, mintIdentifier, until, useStack } from "./support/rig.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-mail-"));
const file = path.join(folder, "mails");
after(() => rmSync(folder, { recursive: true, force: true }));

const stack = useStack({
  manifests: { "_User.toml": 'class = "_User"\n[fields.pictures]\nmany = true\n[fields.avatar]\nmoderation_field = "status"\neager_field = "thumbnails"\n' },
  register: false,
  parseServer: {
    env: {
      PARSE_SERVER_APP_NAME: "Rig",
      PARSE_SERVER_VERIFY_USER_EMAILS: "true",
      PARSE_SERVER_EMAIL_ADAPTER: JSON.stringify({ module: path.join(import.meta.dirname, "support/mail-adapter.cjs"), options: { file } }),
    },
  },
});

const PASSWORD = "the first password";

/** The link of the newest mail of a kind to an address. */
function link(kind, email) {
  const mails = () => readFileSync(file, { encoding: "utf8", flag: "a+" }).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return until(`a mail of ${kind}`, () => mails().findLast((mail) => mail.kind === kind && mail.to === email)?.link);
}

/** What a browser is shown, but for what differs from user to user. */
async function shown(url, form) {
  const body = form && new URLSearchParams(form);
  const answer = await fetch(url, { method: form ? "POST" : "GET", body, redirect: "manual" });
  const location = answer.headers.get("location");
  const title = (await answer.text()).match(/<title>[^<]*/)?.[0];
  return { status: answer.status, to: location && new URL(location, url).pathname, title };
}

const user = async (id) => (await stack.rest("GET", `/users/${id}`, { master: true })).json;

/** A life with mails: what is shown on the way, and what the user holds in the end. */
async function life(name, attributes) {
  const email = `${name}@example.com`;
  const signUp = await stack.rest("POST", "/users", { body: { username: name, password: PASSWORD, email, ...attributes } });
  assert.equal(signUp.status, 201, signUp.text);
  const id = signUp.json.objectId;
  const verification = await link("verification", email);
  const seen = { verified: await shown(verification) };
  seen.again = await shown(verification);
  // The MongoDB of the rig answers 1 for a truth value that was updated.
  seen.emailVerified = Boolean((await user(id)).emailVerified);

  const asked = await stack.rest("POST", "/requestPasswordReset", { body: { email } });
  assert.equal(asked.status, 200, asked.text);
  const reset = new URL(await link("reset", email));
  const form = { username: name, token: reset.searchParams.get("token"), new_password: "the second password", utf8: "✓" };
  seen.form = await shown(reset);
  const target = `${stack.parseServer.url}/apps/${stack.service.env.PARSE_SERVER_APPLICATION_ID}/request_password_reset`;
  seen.changed = await shown(target, form);
  seen.resetAgain = await shown(target, { ...form, new_password: "the third password" });
  const logIns = [PASSWORD, "the second password", "the third password"].map((password) =>
    stack.rest("POST", "/login", { body: { username: name, password } }),
  );
  seen.logIns = (await Promise.all(logIns)).map(({ status }) => status);
  return { id, seen };
}

test("links in mails verify an address and set a new password once, as without a guard", async () => {
  const { seen: expected } = await life("unguarded", {});
  assert.deepEqual([expected.emailVerified, expected.logIns], [true, [404, 200, 404]], JSON.stringify(expected));
  const { code, stderr } = await stack.cli(["register"]);
  assert.equal(code, 0, stderr);
  const picture = mintIdentifier("avatar");
  const { id, seen } = await life("guarded", { pictures: [picture], avatar: picture });
  assert.deepEqual(seen, expected);
  const { pictures, avatar } = await user(id);
  assert.deepEqual({ pictures, avatar }, { pictures: [bare(picture)], avatar: bare(picture) });
});
