// register, unregister and hooks on a real Parse Server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanEnvironment, run } from "../../scripts/parse-server/processes.mjs";
import { binary, REPOSITORY, startParseServer, startService, writeManifests } from "../../scripts/parse-server/stack.mjs";
import { assertRefused, bare, create, createClass, DATABASE, mintIdentifier, PARSE, restartService, row, until, useStack, VERSION } from "./support/rig.mjs";
import { startProxy, startServerThat } from "./support/tampering-proxy.mjs";

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

  test("register says first that other nodes and Cloud Code need a thought, and nothing where nothing changes", async () => {
    const { stderr } = await stack.cli(["register"]);
    const then = VERSION === 5 ? "" : " until Parse Server restarts; then Cloud Code wins and the hook is not called";
    const warnings = stderr.split("\n").filter((line) => line.startsWith("warning: "));
    assert.deepEqual(warnings, [
      "warning: other Parse Server nodes and processes load hooks only at their next start: restart them",
      `warning: if Cloud Code has a trigger or function of the same name, which Parse Server does not tell, the hook takes its place${then}: keep none for Note.beforeSave, sign`,
    ]);
    assert.equal((await stack.cli(["register"])).stderr.includes("warning"), false);
  });

  test("register says which manifests are the samples'", async () => {
    const { code, stderr } = await stack.cli(["register", "--dry-run"], { CLOUDINARY_PARSE_WEBHOOKS: path.join(REPOSITORY, "webhooks") });
    assert.equal(code, 2);
    const expected = "warning: Photo, Portrait, photo_thumbnail_url, sign_cloudinary_upload_request, sign_portrait_upload, sign_widget_upload are samples', unchanged: remove the manifests that the app does not use";
    assert.ok(stderr.split("\n").includes(expected), stderr);
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

const NOWHERE = "http://127.0.0.1:9";
const LATE = { "late.toml": MANIFESTS["sign.toml"].replace('"sign"', '"late"') };

/** Everything that is registered, temporary hooks included. */
const registered = async (stack) => [...(await triggers(stack)), ...(await functions(stack))];

describe("register has Parse Server try the hooks' URLs first", () => {
  const stack = useEmptyStack();
  const servers = [];
  const helper = async (starting) => {
    const server = await starting;
    servers.push(server);
    return server.url;
  };
  const anotherService = (env) => helper(startService({ folder: stack.folder, env: { ...stack.service.env, CLOUDINARY_PARSE_BIND: "127.0.0.1:0", ...env } }));
  const hangs = () => helper(startServerThat(() => {}));

  afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

  // Each: what is broken, what register says of it and of what to do, and how to break it.
  const broken = [
    ["a port on which nobody listens", /Parse Server cannot reach http:\/\/127\.0\.0\.1:9: .*ECONNREFUSED.* \(from here it does not answer either\): start `cloudinary-parse serve`/, () => NOWHERE],
    ["a host that Parse Server does not know", /(ENOTFOUND|EAI_AGAIN).*: Parse Server's machine does not know this host name/, () => "http://no-such-host.invalid"],
    ["https where there is no TLS", /EPROTO.*CLOUDINARY_PARSE_PUBLIC_URL says https/, () => stack.service.url.replace("http:", "https:")],
    ["another server", /: another server answers there, with status 404: set CLOUDINARY_PARSE_PUBLIC_URL/, () =>
      helper(startServerThat((_, response) => response.writeHead(404, { "Content-Type": "text/html" }).end("<h1>Not Found</h1>")))],
    ["a redirect", /: another server answers there, with a redirect, .*Parse Server takes that for consent/, () =>
      helper(startServerThat((_, response) => response.writeHead(301, { Location: "https://hooks.example/" }).end()))],
    ["a server that never answers", /Parse Server gets no answer from .* within 15 s: let Parse Server's machine through the firewall/, hangs],
    ["a service with another webhook key", /refuses Parse Server's webhook key: give both the same text/, () => anotherService({ PARSE_SERVER_WEBHOOK_KEY: "another key" })],
    ["another path of the service", /does not serve Note\.beforeSave, sign: let it load these manifests \(SIGHUP/, () => `${stack.service.url}/hooks`],
  ];
  for (const [what, message, breakIt] of broken) {
    test(`and changes nothing where it finds ${what}`, async () => {
      await addTrigger(stack, "Note", "beforeSave", ELSEWHERE);
      const before = await registered(stack);
      const result = await stack.cli(["register"], { CLOUDINARY_PARSE_PUBLIC_URL: await breakIt() });
      assertExit(result, 1);
      const [error] = result.stderr.split("\n").filter((line) => line.startsWith("error: "));
      assert.match(error, /^error: nothing was changed: /);
      assert.match(error, message);
      assert.deepEqual(await registered(stack), before);
      for (const secret of [PARSE.masterKey, PARSE.webhookKey]) assert.equal(`${result.stdout}${result.stderr}`.includes(secret), false);
    });
  }

  test("and needs no webhook key for it", async () => {
    assertExit(await stack.cli(["register"], { PARSE_SERVER_WEBHOOK_KEY: undefined }), 0);
  });

  test("and changes nothing before the running service has loaded a new manifest", async () => {
    assertExit(await stack.cli(["register"]), 0);
    const before = await registered(stack);
    writeManifests(stack.webhooks, { ...MANIFESTS, ...LATE });
    const result = await stack.cli(["register"]);
    assertExit(result, 1);
    assert.match(result.stderr, /error: nothing was changed: the service at .* does not serve late: let it load these manifests \(SIGHUP/);
    assert.deepEqual(await registered(stack), before);
    process.kill(stack.service.pid, "SIGHUP");
    assertExit(await stack.cli(["register", "--wait", "60s"]), 0);
    assert.ok((await functions(stack)).some(({ functionName }) => functionName === "late"));
    writeManifests(stack.webhooks, MANIFESTS);
    process.kill(stack.service.pid, "SIGHUP");
    await until("the service serves late no longer", async () => {
      const headers = { "X-Parse-Webhook-Key": PARSE.webhookKey, "Content-Type": "application/json" };
      return (await fetch(`${stack.service.url}/functions/late`, { method: "POST", headers, body: "{}" })).status === 404;
    });
  });

  test("and the service counts and logs none of these calls as a client's", async () => {
    await restartService(stack);
    writeManifests(stack.webhooks, { ...MANIFESTS, ...LATE });
    assertExit(await stack.cli(["register"]), 1);
    assertExit(await stack.cli(["register"], { CLOUDINARY_PARSE_PUBLIC_URL: `${stack.service.url}/hooks` }), 1);
    writeManifests(stack.webhooks, MANIFESTS);
    assertExit(await stack.cli(["register"]), 0);
    assert.doesNotMatch(stack.service.output(), /WARN|refused/);
    const metrics = await (await fetch(`${stack.service.adminUrl}/metrics`)).text();
    const counted = metrics.split("\n").filter((line) => /^cloudinary_parse_(decisions|failed_requests)_total/.test(line) && !line.endsWith(" 0"));
    // A path that no hook has and three hooks, no path of ours and three below it, then again without `late`.
    assert.deepEqual(counted, ['cloudinary_parse_failed_requests_total{reason="doctor"} 11']);
  });

  test("--no-probe registers all the same, and says what can be seen from here", async () => {
    const said = assertExit(await stack.cli(["register", "--no-probe"], { CLOUDINARY_PARSE_PUBLIC_URL: NOWHERE }), 0);
    assert.match(said, /warning: http:\/\/127\.0\.0\.1:9\/health does not answer/);
    assertHooks(await triggers(stack), [trigger("Note", "beforeSave", `${NOWHERE}/triggers/Note/beforeSave`)]);
  });

  test("--dry-run does not, so it works while no service runs", async () => {
    assertExit(await stack.cli(["register", "--dry-run"], { CLOUDINARY_PARSE_PUBLIC_URL: NOWHERE }), 2);
  });

  test("--wait waits for the service", async () => {
    await stack.service.stop();
    const waiting = stack.cli(["register", "--wait", "60s"]);
    await restartService(stack);
    assertExit(await waiting, 0);
    assert.equal((await registered(stack)).length, 2);
  });

  /** Runs register until a temporary hook is there, then sends it a signal; resolves with its exit code. */
  async function interrupted(signal) {
    const env = cleanEnvironment({ ...stack.service.env, CLOUDINARY_PARSE_PUBLIC_URL: await hangs() });
    const child = spawn(binary(), ["register"], { cwd: stack.folder, env, stdio: "ignore" });
    const exited = once(child, "exit");
    while ((await registered(stack)).length === 0) await sleep(20);
    child.kill(signal);
    return (await exited)[0];
  }

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    test(`${signal} meanwhile leaves nothing behind`, async () => {
      assert.equal(await interrupted(signal), 1);
      assert.deepEqual(await registered(stack), []);
    });
  }

  test("SIGKILL meanwhile leaves one behind, which the next run removes", async () => {
    await interrupted("SIGKILL");
    assert.match((await functions(stack))[0].functionName, /^cloudinaryParseDoctor/);
    assertExit(await stack.cli(["register", "--dry-run"]), 2);
    assertExit(await stack.cli(["register"]), 0);
    assert.deepEqual((await functions(stack)).map(({ functionName }) => functionName), ["sign"]);
  });
});

describe("register, where Parse Server has client keys", () => {
  const stack = useStack({ manifests: MANIFESTS, register: false, parseServer: { env: { PARSE_SERVER_REST_API_KEY: "rig-rest-key" } } });

  test("says that it needs one, or --no-probe", async () => {
    for (const key of [undefined, "wrong"]) {
      const result = await stack.cli(["register"], { PARSE_SERVER_REST_API_KEY: key });
      assertExit(result, 1);
      assert.match(result.stderr, /error: nothing was changed: .*client keys.*set PARSE_SERVER_REST_API_KEY to its restAPIKey, or pass --no-probe/);
      assert.deepEqual(await registered(stack), []);
    }
  });

  test("registers with it", async () => {
    assertExit(await stack.cli(["register"], { PARSE_SERVER_REST_API_KEY: "rig-rest-key" }), 0);
    assertExit(await stack.cli(["unregister"]), 0);
  });

  test("registers with --no-probe", async () => {
    assertExit(await stack.cli(["register", "--no-probe"]), 0);
  });
});

describe("register, where Parse Server has two nodes", () => {
  const stack = useEmptyStack();
  let other;
  let balancer;
  let goesToOther;

  before(async () => {
    const folder = path.join(stack.folder, "other");
    mkdirSync(folder);
    other = await startParseServer(folder);
    const origin = ({ url }) => new URL(url).origin;
    balancer = await startProxy((url) => origin(url.startsWith("/parse/functions/") && goesToOther() ? other : stack.parseServer));
  });

  after(async () => {
    await balancer.stop();
    await other.stop();
  });

  const behindBalancer = () => stack.cli(["register"], { PARSE_SERVER_URL: `${balancer.url}/parse` });

  test("warns if another one answers whenever it tries", async () => {
    goesToOther = () => true;
    const said = assertExit(await behindBalancer(), 0);
    assert.match(said, /warning: whether Parse Server reaches the hooks is not known: another of its nodes answered all of 20 calls/);
    assert.equal((await registered(stack)).length, 2);
  });

  test("tries until the right one answers", async () => {
    let calls = 0;
    goesToOther = () => (calls += 1) % 3 !== 0;
    const said = assertExit(await behindBalancer(), 0);
    assert.doesNotMatch(said, /nodes answered/);
    assert.equal(calls, 9);
    assert.equal((await registered(stack)).length, 2);
  });

  test("refuses what the right one refuses", async () => {
    let calls = 0;
    goesToOther = () => (calls += 1) % 3 !== 0;
    const result = await stack.cli(["register"], { PARSE_SERVER_URL: `${balancer.url}/parse`, CLOUDINARY_PARSE_PUBLIC_URL: NOWHERE });
    assertExit(result, 1);
    assert.match(result.stderr, /ECONNREFUSED/);
    assert.deepEqual(await registered(stack), []);
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

  test("unregister takes Cloud Code for the same class and trigger out of force until Parse Server restarts, as it warned", async () => {
    const dry = await stack.cli(["unregister", "--dry-run"]);
    assertExit(dry, 2);
    const removed = await stack.cli(["unregister"]);
    assertExit(removed, 0);
    const warning = "warning: removing a hook also takes Cloud Code for the same class and trigger, or function, out of force until Parse Server restarts: where there is some, restart it at once\n";
    for (const { stderr } of [dry, removed]) assert.ok(stderr.includes(warning), stderr);
    const seen = async () => (await row(stack, "Note", await create(stack, "Note", { picture: "anything" }))).seenByCloudCode;
    assert.equal(await seen(), undefined);
    await restart({ env: { PARSE_SERVER_CLOUD: cloud } });
    assert.equal(await seen(), true);
  });
});
