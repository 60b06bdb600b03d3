// A guarded _User: accounts, passwords, sessions and identity providers work as without the guard.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { assertRefused, bare, contextFor, mintIdentifier, Parse, signUp, useStack } from "./support/rig.mjs";

const stack = useStack({
  manifests: { "_User.toml": 'class = "_User"\n[fields.avatar]\n' },
  parseServer: {
    env: {
      PARSE_SERVER_AUTH_PROVIDERS: JSON.stringify({ rigauth: { module: path.join(import.meta.dirname, "support/rig-auth.cjs") } }),
    },
  },
});

const AUTH_DATA = { rigauth: { id: "someone", token: "a genuine token" } };
let serial = 0;
const newName = () => `user-${++serial}`;

/** The stored account, read with the master key. */
async function user(id) {
  return (await stack.rest("GET", `/users/${id}`, { master: true })).json;
}

const logIn = (username, password) => stack.rest("POST", "/login", { body: { username, password } });

test("a signup with an avatar stores it bare, and the account can log in", async () => {
  const username = newName();
  const signed = mintIdentifier("avatar");
  const answer = await stack.rest("POST", "/users", { body: { username, password: "secret", email: `${username}@example.com`, avatar: signed } });
  assert.equal(answer.status, 201, answer.text);
  const { objectId, sessionToken } = answer.json;
  assert.match(sessionToken, /^r:/);
  const stored = await user(objectId);
  assert.equal(stored.avatar, bare(signed));
  assert.equal(stored.email, `${username}@example.com`);
  const login = await logIn(username, "secret");
  assert.equal(login.status, 200, login.text);
  assert.equal(login.json.avatar, bare(signed));
});

test("a signup in context mode stores the avatar, and the account can log in", async () => {
  const username = newName();
  const signed = mintIdentifier("avatar");
  const answer = await stack.rest("POST", "/users", {
    body: { username, password: "secret", avatar: bare(signed) },
    context: contextFor("avatar", signed),
  });
  assert.equal(answer.status, 201, answer.text);
  assert.equal((await user(answer.json.objectId)).avatar, bare(signed));
  assert.equal((await logIn(username, "secret")).status, 200);
});

test("a signup with a forged avatar is refused and leaves no account", async () => {
  const username = newName();
  const forged = mintIdentifier("avatar").replace("avatar", "other");
  assertRefused(await stack.rest("POST", "/users", { body: { username, password: "secret", avatar: forged } }), "Bad signature");
  assert.equal((await logIn(username, "secret")).status, 404);
});

test("a signup without an avatar is none of the guard's business", async () => {
  const username = newName();
  assert.equal((await stack.rest("POST", "/users", { body: { username, password: "secret" } })).status, 201);
  assert.equal((await logIn(username, "secret")).status, 200);
});

test("a password changes together with an avatar", async () => {
  const account = await signUp("changing", { avatar: mintIdentifier("first") });
  const signed = mintIdentifier("second");
  const changed = await stack.rest("PUT", `/users/${account.id}`, {
    session: account.getSessionToken(),
    body: { password: "a new password", avatar: signed },
  });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await logIn(account.getUsername(), "a password")).status, 404);
  const login = await logIn(account.getUsername(), "a new password");
  assert.equal(login.status, 200, login.text);
  assert.equal(login.json.avatar, bare(signed));
});

test("a password change alone keeps the avatar, an avatar change alone the password", async () => {
  const first = mintIdentifier("first");
  const account = await signUp("alone", { avatar: first });
  await stack.rest("PUT", `/users/${account.id}`, { session: account.getSessionToken(), body: { password: "a new password" } });
  const login = await logIn(account.getUsername(), "a new password");
  assert.equal(login.json.avatar, bare(first));
  const second = mintIdentifier("second");
  const changed = await stack.rest("PUT", `/users/${account.id}`, { session: login.json.sessionToken, body: { avatar: second } });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await logIn(account.getUsername(), "a new password")).json.avatar, bare(second));
});

test("a user saved by the SDK with what it read keeps the avatar", async () => {
  const signed = mintIdentifier("avatar");
  const account = await signUp("sdk", { avatar: signed });
  const asThemselves = { sessionToken: account.getSessionToken() };
  const read = await new Parse.Query(Parse.User).get(account.id, asThemselves);
  await read.save({ nick: "Annie", avatar: read.get("avatar") }, asThemselves);
  const stored = await user(account.id);
  assert.deepEqual([stored.avatar, stored.nick], [bare(signed), "Annie"]);
});

test("an anonymous user has an avatar, and keeps it as an account of their own", async () => {
  const signed = mintIdentifier("anonymous");
  const answer = await stack.rest("POST", "/users", {
    body: { authData: { anonymous: { id: crypto.randomUUID() } }, avatar: signed },
  });
  assert.equal(answer.status, 201, answer.text);
  const { objectId, sessionToken } = answer.json;
  assert.equal((await user(objectId)).avatar, bare(signed));

  const username = newName();
  const upgraded = await stack.rest("PUT", `/users/${objectId}`, {
    session: sessionToken,
    body: { username, password: "secret", authData: { anonymous: null } },
  });
  assert.equal(upgraded.status, 200, upgraded.text);
  const login = await logIn(username, "secret");
  assert.deepEqual([login.status, login.json.objectId, login.json.avatar], [200, objectId, bare(signed)]);
});

test("an identity provider is linked together with an avatar, and its login finds the same user", async () => {
  const account = await signUp("linked");
  const signed = mintIdentifier("linked");
  const linked = await stack.rest("PUT", `/users/${account.id}`, {
    session: account.getSessionToken(),
    body: { authData: AUTH_DATA, avatar: signed },
  });
  assert.equal(linked.status, 200, linked.text);
  const login = await stack.rest("POST", "/users", { body: { authData: AUTH_DATA } });
  assert.equal(login.status, 200, login.text);
  assert.deepEqual([login.json.objectId, login.json.avatar], [account.id, bare(signed)]);

  const forged = await stack.rest("PUT", `/users/${account.id}`, {
    session: login.json.sessionToken,
    body: { authData: { rigauth: null }, avatar: signed.replace("linked", "other") },
  });
  assertRefused(forged, "Bad signature");
  assert.equal((await stack.rest("POST", "/users", { body: { authData: AUTH_DATA } })).json.objectId, account.id);
});

test("a signup by an identity provider with an avatar stores it bare", async () => {
  const signed = mintIdentifier("by-provider");
  const authData = { rigauth: { id: "someone else", token: "a genuine token" } };
  const answer = await stack.rest("POST", "/users", { body: { authData, avatar: signed } });
  assert.equal(answer.status, 201, answer.text);
  assert.equal((await user(answer.json.objectId)).avatar, bare(signed));
});
