// register, unregister and hooks on a real Parse Server.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";
import path from "node:path";
import { run } from "../../scripts/parse-server/processes.mjs";
import { binary, REPOSITORY, startParseServer, writeManifests } from "../../scripts/parse-server/stack.mjs";
import { assertRefused, bare, create, createClass, DATABASE, mintIdentifier, PARSE, row, useStack, VERSION } from "./support/rig.mjs";

const MANIFESTS = {
  "Note.toml": 'class = "Note"\n[fields.picture]\n',
  "sign.toml": 'function = "sign"\naction = "sign_upload"\n[upload]\ntags = "{user.username}"\n',
};
const ELSEWHERE = "http://127.0.0.1:9/elsewhere";

/** A stack whose Parse Server knows no hooks at the start of each test. */
function useEmptyStack(options) {
  const stack = useStack({ manifests: MANIFESTS, register: false, ...options });
  beforeEach(async () => {
    for (const { className, triggerName } of await triggers(stack)) await removeHook(stack, `triggers/${className}/${triggerName}`);
    for (const { functionName } of await functions(stack)) await removeHook(stack, `functions/${functionName}`);
    writeManifests(stack.webhooks, MANIFESTS);
  });
  return stack;
}

const triggers = async (stack) => (await stack.rest("GET", "/hooks/triggers", { master: true })).json;
const functions = async (stack) => (await stack.rest("GET", "/hooks/functions", { master: true })).json;
const removeHook = (stack, path) => stack.rest("PUT", `/hooks/${path}`, { master: true, body: { __op: "Delete" } });
const addTrigger = (stack, className, triggerName, url) =>
  stack.rest("POST", "/hooks/triggers", { master: true, body: { className, triggerName, url } });

const trigger = (className, triggerName, url) => ({ className, triggerName, url });
const sorted = (hooks) => hooks.map((hook) => JSON.stringify(hook)).sort();
function assertHooks(actual, expected) {
  assert.deepEqual(sorted(actual), sorted(expected));
}

/** A `.env` as people write it: no quotes where none are needed. */
function dotenv(variables) {
  const lines = Object.entries(variables).filter(([, value]) => value !== undefined);
  return lines.map(([name, value]) => `${name}=${value}\n`).join("");
}

/** Runs scripts/register.sh as someone does who has the binary in the PATH and the configuration in `.env`. */
function runRegisterScript(cwd, args = []) {
  const bin = path.join(cwd, "bin");
  if (!existsSync(bin)) {
    mkdirSync(bin);
    symlinkSync(binary(), path.join(bin, "cloudinary-parse"));
  }
  const env = { PATH: `${bin}:${process.env.PATH}` };
  return run("bash", [path.join(REPOSITORY, "scripts/register.sh"), ...args], { cwd, env });
}

/** Asserts an exit code and shows what was said if it is another. */
function assertExit(result, code) {
  assert.equal(result.code, code, `${result.stdout}\n${result.stderr}`);
  return `${result.stdout}${result.stderr}`;
}

describe("register, unregister and hooks", () => {
  const stack = useEmptyStack();
  const ours = () => [
    [trigger("Note", "beforeSave", `${stack.service.url}/triggers/Note/beforeSave`)],
    [{ functionName: "sign", url: `${stack.service.url}/functions/sign` }],
  ];

  test("register adds what the manifests name, and nothing a second time", async () => {
    assertExit(await stack.cli(["register"]), 0);
    const [ourTriggers, ourFunctions] = ours();
    assertHooks(await triggers(stack), ourTriggers);
    assertHooks(await functions(stack), ourFunctions);
    assertExit(await stack.cli(["register"]), 0);
    assertHooks(await triggers(stack), ourTriggers);
    assertHooks(await functions(stack), ourFunctions);
  });

  test("register says first that other nodes and Cloud Code need a thought", async () => {
    const said = assertExit(await stack.cli(["register"]), 0);
    assert.match(said, /Cloud Code/);
    assert.match(said, /start/);
  });

  test("hooks lists them, with their URLs on stdout", async () => {
    assertExit(await stack.cli(["register"]), 0);
    const { code, stdout } = await stack.cli(["hooks"]);
    assert.equal(code, 0);
    assert.match(stdout, /Note.*beforeSave|beforeSave.*Note/);
    assert.ok(stdout.includes(`${stack.service.url}/triggers/Note/beforeSave`), stdout);
    assert.ok(stdout.includes(`${stack.service.url}/functions/sign`), stdout);
  });

  test("a hook with another URL is replaced by exactly one row, and the old URL is shown", async () => {
    await addTrigger(stack, "Note", "beforeSave", ELSEWHERE);
    const said = assertExit(await stack.cli(["register"]), 0);
    assert.ok(said.includes(ELSEWHERE), said);
    assertHooks(await triggers(stack), ours()[0]);
  });

  test("two rows for one hook become one", async () => {
    await addTrigger(stack, "Note", "beforeSave", ELSEWHERE);
    // On PostgreSQL this inserts a second row, what a careless script leaves behind; MongoDB replaces the one that there is.
    await stack.rest("PUT", "/hooks/triggers/Note/beforeSave", { master: true, body: { url: `${stack.service.url}/triggers/Note/beforeSave` } });
    assert.equal((await triggers(stack)).length, DATABASE === "postgres" ? 2 : 1);
    assertExit(await stack.cli(["register"]), 0);
    assertHooks(await triggers(stack), ours()[0]);
  });

  test("--dry-run ends with 2 where something is to be done, changes nothing, and ends with 0 after register", async () => {
    const drift = await stack.cli(["register", "--dry-run"]);
    assertExit(drift, 2);
    assert.deepEqual([await triggers(stack), await functions(stack)], [[], []]);
    assertExit(await stack.cli(["register"]), 0);
    assertExit(await stack.cli(["register", "--dry-run"]), 0);

    await removeHook(stack, "functions/sign");
    await addTrigger(stack, "Other", "beforeSave", `${stack.service.url}/triggers/Other/beforeSave`);
    const said = assertExit(await stack.cli(["register", "--dry-run"]), 2);
    assert.match(said, /sign/);
    assert.match(said, /Other/);
  });

  test("stale hooks under our URL are kept and reported, and --prune removes them alone", async () => {
    const stale = trigger("Other", "beforeSave", `${stack.service.url}/triggers/Other/beforeSave`);
    const foreign = trigger("Foreign", "afterSave", ELSEWHERE);
    await addTrigger(stack, stale.className, stale.triggerName, stale.url);
    await addTrigger(stack, foreign.className, foreign.triggerName, foreign.url);
    const said = assertExit(await stack.cli(["register"]), 0);
    assert.match(said, /Other/);
    assertHooks(await triggers(stack), [...ours()[0], stale, foreign]);
    assertExit(await stack.cli(["register", "--prune"]), 0);
    assertHooks(await triggers(stack), [...ours()[0], foreign]);
  });

  test("unregister removes what lies under our URL and nothing else", async () => {
    const foreign = trigger("Foreign", "afterSave", ELSEWHERE);
    await addTrigger(stack, foreign.className, foreign.triggerName, foreign.url);
    assertExit(await stack.cli(["register"]), 0);
    assertExit(await stack.cli(["unregister"]), 0);
    assertHooks(await triggers(stack), [foreign]);
    assertHooks(await functions(stack), []);
  });

  test("unregister --url removes what an older URL left", async () => {
    await addTrigger(stack, "Note", "beforeSave", "http://old.example/hooks/triggers/Note/beforeSave");
    await addTrigger(stack, "Note", "afterSave", "http://old.example/hooks-of-others/triggers/Note/afterSave");
    assertExit(await stack.cli(["unregister", "--url", "http://old.example/hooks/"]), 0);
    assertHooks(await triggers(stack), [trigger("Note", "afterSave", "http://old.example/hooks-of-others/triggers/Note/afterSave")]);
  });

  test("a hook works at once after register, and no longer after unregister", async () => {
    await createClass(stack, "Note", { picture: "String" });
    const forged = mintIdentifier("genuine").replace("genuine", "other");
    assertExit(await stack.cli(["register"]), 0);
    assertRefused(await stack.rest("POST", "/classes/Note", { body: { picture: forged } }), "Bad signature");
    assertExit(await stack.cli(["unregister"]), 0);
    assert.equal((await stack.rest("POST", "/classes/Note", { body: { picture: forged } })).status, 201);
  });

  const failures = [
    ["a wrong master key", { PARSE_SERVER_MASTER_KEY: "wrong" }, /PARSE_SERVER_MASTER_KEY/],
    ["a wrong application id", { PARSE_SERVER_APPLICATION_ID: "wrong" }, /PARSE_SERVER_APPLICATION_ID/],
    ["a Parse Server that is down", { PARSE_SERVER_URL: "http://127.0.0.1:9/parse" }, /127\.0\.0\.1:9/],
    ["a wildcard address as public URL", { CLOUDINARY_PARSE_PUBLIC_URL: undefined, CLOUDINARY_PARSE_BIND: "0.0.0.0:8080" }, /CLOUDINARY_PARSE_PUBLIC_URL/],
    ["port 0 as public URL", { CLOUDINARY_PARSE_PUBLIC_URL: undefined }, /CLOUDINARY_PARSE_PUBLIC_URL/],
  ];
  for (const [name, variables, message] of failures) {
    test(`register ends with 1 and a clear message for ${name}`, async () => {
      const result = await stack.cli(["register"], variables);
      assertExit(result, 1);
      assert.match(result.stderr, message);
      assert.equal(result.stderr.includes(PARSE.masterKey), false);
      assert.deepEqual([await triggers(stack), await functions(stack)], [[], []]);
    });
  }

  for (const command of ["unregister", "hooks"]) {
    test(`${command} ends with 1 for a wrong master key`, async () => {
      const result = await stack.cli([command], { PARSE_SERVER_MASTER_KEY: "wrong" });
      assertExit(result, 1);
      assert.match(result.stderr, /PARSE_SERVER_MASTER_KEY/);
    });
  }

  test("scripts/register.sh registers by the .env of its working folder, and shows each hook", async () => {
    const folder = path.join(stack.folder, "deployment");
    const variables = { ...stack.service.env, CLOUDINARY_PARSE_WEBHOOKS: undefined };
    writeManifests(folder, { ".env": dotenv(variables) });
    writeManifests(path.join(folder, "webhooks"), MANIFESTS);
    const said = assertExit(await runRegisterScript(folder), 0);
    assert.match(said, /Note/);
    assert.ok(said.includes(`${stack.service.url}/functions/sign`), said);
    assertHooks(await triggers(stack), ours()[0]);
    assertExit(await runRegisterScript(folder, ["--dry-run"]), 0);
    await removeHook(stack, "functions/sign");
    assertExit(await runRegisterScript(folder, ["--dry-run"]), 2);
  });

  test("an unknown option is wrong usage", async () => {
    assertExit(await stack.cli(["register", "--no-such-option"]), 64);
  });
});

describe("a master key that masterKeyIps refuses", { skip: VERSION < 6 && "Parse Server 5 takes it from everywhere" }, () => {
  const stack = useStack({
    manifests: MANIFESTS,
    register: false,
    parseServer: { env: { PARSE_SERVER_MASTER_KEY_IPS: "10.1.2.3" } },
  });

  test("ends register with 1 and the name of what to set", async () => {
    const result = await stack.cli(["register"]);
    assertExit(result, 1);
    assert.match(result.stderr, /masterKeyIps/);
  });
});

describe("after a restart of Parse Server", () => {
  const cloud = path.join(import.meta.dirname, "support/cloud-code.cjs");
  const stack = useStack({ manifests: MANIFESTS, register: false });
  const forged = mintIdentifier("genuine").replace("genuine", "other");

  async function restart(options) {
    await stack.parseServer.stop();
    const port = new URL(stack.parseServer.url).port;
    stack.parseServer = await startParseServer(stack.folder, { port, database: path.join(stack.folder, "database"), ...options });
  }

  test("the hooks are still there", async () => {
    // The stack's own Parse Server forgets; from here on the rows are in a folder.
    await restart();
    await createClass(stack, "Note", { picture: "String", seenByCloudCode: "Boolean" });
    assertExit(await stack.cli(["register"]), 0);
    await restart();
    assertExit(await stack.cli(["register", "--dry-run"]), 0);
    assertRefused(await stack.rest("POST", "/classes/Note", { body: { picture: forged } }), "Bad signature");
    const signed = mintIdentifier("genuine");
    assert.equal((await row(stack, "Note", await create(stack, "Note", { picture: signed }))).picture, bare(signed));
  });

  test("scripts/register.sh waits until Parse Server answers", async () => {
    await stack.parseServer.stop();
    writeManifests(path.join(stack.folder, "waiting"), { ".env": dotenv(stack.service.env) });
    const waiting = runRegisterScript(path.join(stack.folder, "waiting"));
    await restart();
    assertExit(await waiting, 0);
  });

  test("Cloud Code for the same class and trigger wins, as register warned; on Parse Server 5 the webhook does", async () => {
    await restart({ env: { PARSE_SERVER_CLOUD: cloud } });
    const answer = await stack.rest("POST", "/classes/Note", { body: { picture: forged } });
    if (VERSION === 5) {
      assertRefused(answer, "Bad signature");
    } else {
      assert.equal(answer.status, 201, answer.text);
      assert.equal((await row(stack, "Note", answer.json.objectId)).seenByCloudCode, true);
    }
  });
});
