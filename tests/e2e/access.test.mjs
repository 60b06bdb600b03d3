// Who may call a function, and how often: roles as Parse Server keeps them, addresses as Parse Server sees them.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { PARSE, Parse, VERSION, signUp, useStack } from "./support/rig.mjs";

const sign = (name, keys) => `function = "${name}"\naction = "sign_upload"\n${keys}\n[upload]\ntags = "a"\n`;
const MANIFESTS = {
  "editors.toml": sign("for_editors", 'access = { role = "editors" }'),
  "hidden.toml": sign("for_hidden", 'access = { role = "hidden" }'),
  "own.toml": sign("for_own", 'access = { role = "own" }'),
  "limited.toml": sign("limited", '[limit]\nper_user = "2/h"\nper_address = "5/h"'),
};

const user = ({ id }) => ({ __type: "Pointer", className: "_User", objectId: id });
const role = (id) => ({ __type: "Pointer", className: "_Role", objectId: id });
const relation = (objects) => ({ __op: "AddRelation", objects });

/** Creates a role and returns its id. */
async function createRole(stack, name, { users = [], roles = [], ACL = { "*": { read: true } } }) {
  const body = { name, ACL, users: relation(users.map(user)), ...(roles.length && { roles: relation(roles.map(role)) }) };
  const answer = await stack.rest("POST", "/roles", { master: true, body });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.objectId;
}

/** `null` for a call that was let through, else the text of its refusal. */
async function refusal(stack, name, caller, headers) {
  const session = caller?.getSessionToken();
  const answer = await stack.rest("POST", `/functions/${name}`, { session, body: {}, headers });
  return answer.status === 200 ? null : answer.json.error;
}

describe("a function for a role", () => {
  const stack = useStack({ manifests: MANIFESTS });
  const people = {};

  before(async () => {
    for (const name of ["editor", "boss", "owner", "stranger"]) people[name] = await signUp(name);
    const owners = await createRole(stack, "owners", { users: [people.owner] });
    const bosses = await createRole(stack, "bosses", { users: [people.boss], roles: [owners] });
    await createRole(stack, "editors", { users: [people.editor], roles: [bosses] });
    await createRole(stack, "hidden", { users: [people.editor], ACL: {} });
    await createRole(stack, "own", { users: [people.editor], ACL: { "role:own": { read: true } } });
  });

  test("is for its users, and for those of the roles in it, over any number of steps", async () => {
    for (const name of ["editor", "boss", "owner"]) assert.equal(await refusal(stack, "for_editors", people[name]), null, name);
  });

  test("is not for others, and not for the master key", async () => {
    assert.equal(await refusal(stack, "for_editors", people.stranger), "Needs the role editors");
    assert.equal(await refusal(stack, "for_editors", undefined), "Needs an authenticated user");
    const answer = await stack.rest("POST", "/functions/for_editors", { master: true, body: {} });
    assert.equal(answer.json.error, "Needs an authenticated user");
  });

  test("counts a role only if its ACL shows it to the caller", async () => {
    assert.equal(await refusal(stack, "for_hidden", people.editor), "Needs the role hidden");
    assert.equal(await refusal(stack, "for_own", people.editor), null);
    assert.equal(await refusal(stack, "for_own", people.stranger), "Needs the role own");
  });

  test("is not for whoever only calls a role of one's own by that name", async () => {
    const query = new Parse.Query(Parse.Role).equalTo("name", "editors");
    assert.equal(await query.count(), 1);
    const answer = await stack.rest("POST", "/roles", {
      session: people.stranger.getSessionToken(),
      body: { name: "editors", ACL: { "*": { read: true } }, users: relation([user(people.stranger)]) },
    });
    assert.notEqual(answer.status, 201);
    assert.equal(await refusal(stack, "for_editors", people.stranger), "Needs the role editors");
  });
});

const READ_ONLY_KEY = "rig-read-only-key";

describe("a function for the master key", () => {
  const stack = useStack({
    manifests: { "master.toml": sign("for_master", 'access = "master"') },
    parseServer: { env: { PARSE_SERVER_READ_ONLY_MASTER_KEY: READ_ONLY_KEY } },
  });

  /** What a call with these headers is told; the JavaScript SDK puts its keys into the body. */
  async function told(headers, keys = {}) {
    const answer = await fetch(`${stack.parseServer.url}/functions/for_master`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(keys),
    });
    const { result, error } = await answer.json();
    return result ? null : error;
  }

  const header = (key) => told({ "X-Parse-Application-Id": PARSE.appId, "X-Parse-Master-Key": key });
  const basic = (key) => told({ Authorization: `Basic ${Buffer.from(`${PARSE.appId}:${key}`).toString("base64")}` });
  const sdk = (key) => told({}, { _ApplicationId: PARSE.appId, _MasterKey: key });

  test("takes the full one however it comes", async () => {
    for (const call of [header, basic, sdk]) assert.equal(await call(PARSE.masterKey), null, call.name);
  });

  test("refuses the read-only one that it can see", async () => {
    for (const call of [header, basic]) assert.equal(await call(READ_ONLY_KEY), "Needs the master key", call.name);
  });

  test("takes a read-only one that it cannot see, unless Parse Server tells", async () => {
    assert.equal(await sdk(READ_ONLY_KEY), VERSION < 9 ? null : "Needs the master key");
  });
});

const LIMITED = /^limited: too many requests, try again in \d+ s$/;

describe("a limited function", () => {
  const stack = useStack({ manifests: MANIFESTS });

  test("counts users, and the address that Parse Server sees, whatever a client says", async () => {
    const callers = [await signUp("a"), await signUp("b"), await signUp("c"), await signUp("d")];
    for (const [caller, expected] of [
      [0, null],
      [0, null],
      [0, LIMITED],
      [1, null],
      [1, null],
      [2, LIMITED],
    ]) {
      const text = await refusal(stack, "limited", callers[caller], { "X-Forwarded-For": `192.0.2.${caller}` });
      if (expected) assert.match(text, expected);
      else assert.equal(text, null);
    }
  });
});

describe("behind a proxy that Parse Server trusts", () => {
  const stack = useStack({ manifests: MANIFESTS, parseServer: { env: { PARSE_SERVER_TRUST_PROXY: "true" } } });

  test("addresses are the clients' own", async () => {
    for (let address = 0; address < 10; address++) {
      const caller = await signUp("proxied");
      assert.equal(await refusal(stack, "limited", caller, { "X-Forwarded-For": `192.0.2.${address}` }), null);
    }
  });
});
