// doctor on real servers: in order it says so, and of each broken set-up it names what is wrong and what to do.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanEnvironment, freePort } from "../../scripts/parse-server/processes.mjs";
import { binary, startParseServer, startService, writeManifests } from "../../scripts/parse-server/stack.mjs";
import { ACCOUNT, AS_CLIENT, count, create, createClass, jobs, PARSE, picturesOf, update, useStack, VERSION } from "./support/rig.mjs";
import { dateOff, startProxy, startServerThat } from "./support/tampering-proxy.mjs";

const MANIFESTS = {
  "Note.toml": 'class = "Note"\n[fields.picture]\n',
  "User.toml": 'class = "_User"\n[fields.portrait]\n',
  "sign.toml": 'function = "sign"\naction = "sign_upload"\n',
};
const NOWHERE = "http://127.0.0.1:9";
const READ_ONLY_KEY = "rig-read-only-key";
const SMALL = { PARSE_SERVER_MAX_UPLOAD_SIZE: "4mb" };
const TEMPORARY = /^cloudinaryParseDoctor/;

/** What `doctor --json` says, with its exit code. */
async function doctor(stack, variables, options = []) {
  const result = await stack.cli(["doctor", "--json", ...options], variables);
  assert.ok(result.stdout.startsWith("{"), `${result.stdout}${result.stderr}`);
  for (const secret of [PARSE.masterKey, PARSE.webhookKey, ACCOUNT.api_secret, READ_ONLY_KEY]) {
    assert.equal(`${result.stdout}${result.stderr}`.includes(secret), false, `${secret} is told`);
  }
  return { ...JSON.parse(result.stdout), code: result.code };
}

/** Asserts that a run found one mistake, said so and said what to do. */
function assertFound({ code, checks, healthy }, check, message, remedy) {
  const said = JSON.stringify(checks, null, 1);
  const found = checks.filter((line) => line.check === check && line.status === "failed" && message.test(line.message));
  assert.ok(found.length > 0, `${check} does not say ${message}:\n${said}`);
  assert.deepEqual([code, healthy], [1, false]);
  assert.match(`${found[0].message} ${found[0].remedy ?? ""}`, remedy, said);
}

const functions = async (stack) => (await stack.rest("GET", "/hooks/functions", { master: true })).json;
const temporary = async (stack) => (await functions(stack)).map(({ functionName }) => functionName).filter((name) => TEMPORARY.test(name));
const hook = (stack, kind, body) => stack.rest("POST", `/hooks/${kind}`, { master: true, body });
const changeHook = (stack, path, body) => stack.rest("PUT", `/hooks/${path}`, { master: true, body });
const remove = (stack, path) => changeHook(stack, path, { __op: "Delete" });

/** Runs doctor until `when` holds, then sends it a signal; resolves with its exit code. */
async function interrupted(stack, variables, when, signal) {
  const environment = cleanEnvironment({ ...stack.service.env, ...variables });
  const child = spawn(binary(), ["doctor"], { cwd: stack.folder, env: environment, stdio: "ignore" });
  const exited = once(child, "exit");
  while (!(await when())) await sleep(20);
  child.kill(signal);
  return (await exited)[0];
}

describe("doctor", () => {
  const stack = useStack({
    manifests: MANIFESTS,
    classes: { Note: { picture: "String" }, Album: { cover: "File", pictures: "Array" } },
    parseServer: { env: { ...SMALL, PARSE_SERVER_READ_ONLY_MASTER_KEY: READ_ONLY_KEY } },
  });
  const servers = [];
  const helper = async (starting) => {
    const server = await starting;
    servers.push(server);
    return server.url;
  };

  const stopHelpers = () => Promise.all(servers.splice(0).map((server) => server.stop()));

  after(stopHelpers);
  afterEach(async () => {
    writeManifests(stack.webhooks, MANIFESTS);
    await stopHelpers();
    assert.deepEqual(await temporary(stack), []);
    assert.deepEqual([await count(stack, "Note"), await count(stack, "_User")], [0, 0]);
  });

  test("finds a set-up that is in order in order", async () => {
    const { code, healthy, checks } = await doctor(stack);
    const states = Object.fromEntries(checks.map(({ check, status }) => [check, status]));
    assert.deepEqual(states, {
      configuration: "ok",
      manifests: "ok",
      clock_parse_server: "ok",
      clock_cloudinary: "ok",
      parse_server: "ok",
      master_key: "ok",
      webhook_key: "ok",
      hooks: "ok",
      cloud_code: "ok",
      public_url: "ok",
      columns: "skipped",
      protected_fields: "skipped",
      hidden_rows: "skipped",
      cloudinary: "ok",
      clean_up: "skipped",
      notifications: "skipped",
      queue: "skipped",
      max_upload_size: "ok",
    });
    assert.deepEqual([code, healthy, checks.length], [0, true, 18]);
  });

  test("leaves no trace in the service's log, and among its counters only what is its own", async () => {
    assert.equal((await doctor(stack)).code, 0);
    assert.doesNotMatch(stack.service.output(), /WARN|refused/);
    const metrics = await (await fetch(`${stack.service.adminUrl}/metrics`)).text();
    const lines = metrics.split("\n").filter((line) => /^cloudinary_parse_(decisions|failed_requests)_total/.test(line) && !line.endsWith(" 0"));
    assert.deepEqual(lines.filter((line) => !/="doctor"/.test(line)), []);
    assert.equal(lines.filter((line) => /decisions_total.*outcome="doctor"/.test(line)).length, 3, lines.join("\n"));
  });

  test("prints a marked line for each check, without colours", async () => {
    const { code, stdout } = await stack.cli(["doctor", "--offline"], { NO_COLOR: "1" });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^✓ configuration +complete$/m);
    assert.match(stdout, /^✓ webhook key +agrees with Parse Server's$/m);
    assert.match(stdout, /^– Cloudinary +not asked: --offline$/m);
    assert.equal(stdout.includes("\u001b"), false);
  });

  test("--offline asks nothing of Cloudinary", async () => {
    const { code } = await doctor(stack, { CLOUDINARY_URL: `cloudinary://key:secret@cloud?upload_prefix=${NOWHERE}` }, ["--offline"]);
    assert.equal(code, 0);
  });

  // Each: what is broken, the check that must find it, what it says, what it advises, and how to break it.
  const set = (variables) => () => variables;
  const manifests = (texts) => () => void writeManifests(stack.webhooks, texts);
  const cloudinary = (account, api = stack.double.url) => ({ CLOUDINARY_URL: `cloudinary://${account}?upload_prefix=${api}` });
  const genuine = `${ACCOUNT.api_key}:${ACCOUNT.api_secret}@${ACCOUNT.cloud_name}`;
  const broken = [
    ["no CLOUDINARY_URL", "configuration", /CLOUDINARY_URL: is missing/, /set it/, set({ CLOUDINARY_URL: undefined })],
    ["no webhook key", "configuration", /PARSE_SERVER_WEBHOOK_KEY: is missing/, /set it/, set({ PARSE_SERVER_WEBHOOK_KEY: undefined })],
    ["no master key", "configuration", /PARSE_SERVER_MASTER_KEY: is missing/, /set it/, set({ PARSE_SERVER_MASTER_KEY: undefined })],
    ["a wildcard as public URL", "configuration", /wildcard/, /Parse Server reaches/, set({ CLOUDINARY_PARSE_PUBLIC_URL: "http://0.0.0.0:8080" })],
    ["an open admin listener", "configuration", /ADMIN_TOKEN/, /loopback|set it/, set({ CLOUDINARY_PARSE_ADMIN_BIND: "0.0.0.0:9090" })],
    ["a certificate that is not there", "configuration", /TLS_CERT/, /PEM/, set({ CLOUDINARY_PARSE_TLS_CERT: "/no/cert", CLOUDINARY_PARSE_TLS_KEY: "/no/key" })],
    ["a misspelt key in a manifest", "manifests", /Note\.toml:3: unknown key `requird`/, /check --strict/, manifests({ "Note.toml": `${MANIFESTS["Note.toml"]}requird = true\n` })],
    ["a warning about a manifest", "manifests", /names can change hands/, /check --strict/, manifests({ ...MANIFESTS, "Note.toml": `${MANIFESTS["Note.toml"]}folder = "{user.username}"\n` })],
    ["a folder of manifests that is not there", "manifests", /cannot read the folder/, /./, set({ CLOUDINARY_PARSE_WEBHOOKS: "no-such-folder" })],
    ["a Parse Server that is down", "parse_server", /cannot connect/, /is it running/, set({ PARSE_SERVER_URL: `${NOWHERE}/parse` })],
    ["a URL without Parse Server's path", "parse_server", /not as Parse Server does/, /\/parse by default/, () => ({ PARSE_SERVER_URL: new URL(stack.parseServer.url).origin })],
    ["a Parse Server that redirects", "parse_server", /redirects to https:/, /set PARSE_SERVER_URL/, async () => ({
      PARSE_SERVER_URL: await helper(startServerThat((_, response) => response.writeHead(301, { Location: "https://parse.example/parse" }).end())),
    })],
    ["a Parse Server that is too old", "parse_server", /is 4\.10\.20: versions 5 to 9/, /upgrade/, async () => ({
      PARSE_SERVER_URL: await helper(startProxy(stack.parseServer.url, (answer, url) => {
        if (url === "/serverInfo") answer.body = answer.body.replace(/"parseServerVersion":"[^"]*"/, '"parseServerVersion":"4.10.20"');
      })),
    })],
    ["a wrong application id", "master_key", /application|unauthorized/, /PARSE_SERVER_APPLICATION_ID/, set({ PARSE_SERVER_APPLICATION_ID: "wrong" })],
    ["a wrong master key", "master_key", /refuses the master key/, /PARSE_SERVER_MASTER_KEY/, set({ PARSE_SERVER_MASTER_KEY: "wrong" })],
    ["the read-only master key", "master_key", /refuses changes/, /the full one/, set({ PARSE_SERVER_MASTER_KEY: READ_ONLY_KEY })],
    ["a Parse Server that is ten minutes ahead", "clock_parse_server", /clock is (5\d\d|60\d) s behind Parse Server's/, /synchronise/, async () => ({
      PARSE_SERVER_URL: await helper(startProxy(stack.parseServer.url, (answer) => (answer.headers.Date = dateOff(600)))),
    })],
    ["a Cloudinary that is ten minutes behind", "clock_cloudinary", /clock is (5\d\d|60\d) s ahead of Cloudinary's/, /synchronise/, async () =>
      cloudinary(genuine, await helper(startProxy(stack.double.url, (answer) => (answer.headers.Date = dateOff(-600)))))],
    ["a Parse Server with another webhook key", "webhook_key", /Parse Server sends another webhook key/, /the same text/, async () => {
      const key = { PARSE_SERVER_WEBHOOK_KEY: "another key" };
      return { ...key, CLOUDINARY_PARSE_PUBLIC_URL: await helper(startService({ folder: stack.folder, env: { ...stack.service.env, CLOUDINARY_PARSE_BIND: "127.0.0.1:0", ...key } })) };
    }],
    ["a service that was started with another webhook key", "webhook_key", /the running service refuses/, /restart .* unless it serves another app/, async () => ({
      CLOUDINARY_PARSE_PUBLIC_URL: await helper(startService({ folder: stack.folder, env: { ...stack.service.env, CLOUDINARY_PARSE_BIND: "127.0.0.1:0", PARSE_SERVER_WEBHOOK_KEY: "another key" } })),
    })],
    ["a webhook key here that neither the running service nor Parse Server has", "webhook_key", /configured here is another/, /correct PARSE_SERVER_WEBHOOK_KEY/, set({ PARSE_SERVER_WEBHOOK_KEY: "wrong" })],
    ["a class that is called otherwise", "columns", /no class Noten: did you mean Note\?/, /correct `class`/, manifests({ "Noten.toml": 'class = "Noten"\n[fields.picture]\n' })],
    ["a field that is called otherwise", "columns", /Note has no column pictrue: did you mean picture\?/, /correct the name/, manifests({ "Note.toml": 'class = "Note"\n[fields.pictrue]\n' })],
    ["a path of references that leads nowhere", "columns", /Album has no column picturs: did you mean pictures\?/, /correct the name/, manifests({ "Album.toml": 'class = "Album"\nreferences = ["picturs.image"]\n' })],
    ["a guarded File", "columns", /Album\.cover is of type File, which holds no identifiers/, /type String/, manifests({ "Album.toml": 'class = "Album"\n[fields.cover]\n' })],
    ["a guarded Array without many", "columns", /Album\.pictures is of type Array, and its manifest does not say/, /many = true/, manifests({ "Album.toml": 'class = "Album"\n[fields.pictures]\n' })],
    ["many in a String", "columns", /Note\.picture is of type String, and its manifest says/, /leave `many` out/, manifests({ "Note.toml": `${MANIFESTS["Note.toml"]}many = true\n` })],
    ["a service with other manifests", "hooks", /late: the running service does not serve it/, /HUP/, async () => {
      writeManifests(stack.webhooks, { ...MANIFESTS, "late.toml": MANIFESTS["sign.toml"].replace('"sign"', '"late"') });
    }],
    ["a service that is down", "public_url", /ECONNREFUSED.*from here it does not answer/, /serve/, set({ CLOUDINARY_PARSE_PUBLIC_URL: NOWHERE })],
    ["a host name that Parse Server does not know", "public_url", /ENOTFOUND|EAI_AGAIN/, /host name/, set({ CLOUDINARY_PARSE_PUBLIC_URL: "http://no-such-host.invalid" })],
    ["https where there is no TLS", "public_url", /EPROTO|wrong version/, /says https/, () => ({ CLOUDINARY_PARSE_PUBLIC_URL: stack.service.url.replace("http:", "https:") })],
    ["a certificate that Parse Server does not trust", "public_url", /certificate/, /NODE_EXTRA_CA_CERTS/, async () => {
      const [cert, key] = ["cert.pem", "key.pem"].map((name) => path.join(stack.folder, name));
      execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], { stdio: "ignore" });
      const tls = { CLOUDINARY_PARSE_TLS_CERT: cert, CLOUDINARY_PARSE_TLS_KEY: key };
      return { ...tls, CLOUDINARY_PARSE_PUBLIC_URL: await helper(startService({ folder: stack.folder, env: { ...stack.service.env, CLOUDINARY_PARSE_BIND: "127.0.0.1:0", ...tls } })) };
    }],
    ["a redirect before the service", "public_url", /takes that for consent/, /CLOUDINARY_PARSE_PUBLIC_URL/, async () => ({
      CLOUDINARY_PARSE_PUBLIC_URL: await helper(startServerThat((_, response) => response.writeHead(301, { Location: "https://hooks.example/" }).end())),
    })],
    ["another server at the public URL", "public_url", /another server answers there, with status 404/, /CLOUDINARY_PARSE_PUBLIC_URL/, async () => ({
      CLOUDINARY_PARSE_PUBLIC_URL: await helper(startServerThat((_, response) => response.writeHead(404, { "Content-Type": "text/html" }).end("<h1>Not Found</h1>"))),
    })],
    ["another path in the public URL", "public_url", /serves none of the hooks/, /restart .* unless it serves another app/, () => ({ CLOUDINARY_PARSE_PUBLIC_URL: `${stack.service.url}/hooks` })],
    ["a public URL where nobody ever answers", "public_url", /no answer .* within 15 s/, /firewall/, async () => ({
      CLOUDINARY_PARSE_PUBLIC_URL: await helper(startServerThat(() => {})),
    })],
    ["a wrong API secret", "cloudinary", /refuses the API key or secret/, /CLOUDINARY_URL/, () => cloudinary(genuine.replace(ACCOUNT.api_secret, "wrong"))],
    ["a wrong cloud name", "cloudinary", /refuses|answered/, /CLOUDINARY_URL/, () => cloudinary(genuine.replace(/@.*/, "@wrong"))],
    ["a queue that cannot be opened", "queue", /CLOUDINARY_PARSE_QUEUE/, /database/, () => {
      writeManifests(stack.webhooks, { ...MANIFESTS, "Note.toml": `${MANIFESTS["Note.toml"]}on_delete = "destroy"\ndestroy_within = "x/"\nmax_age = "1h"\n` });
      return { CLOUDINARY_PARSE_QUEUE: "sqlite:///no/such/folder/queue.db" };
    }],
    ["a Cloudinary that is out of reach", "cloudinary", /cannot reach Cloudinary/, /--offline/, () => cloudinary(genuine, NOWHERE)],
  ];
  for (const [what, check, message, remedy, breakIt] of broken) {
    test(`finds ${what}`, async () => {
      const variables = await breakIt();
      assertFound(await doctor(stack, variables), check, message, remedy);
    });
  }

  for (const [what, url] of [["of nobody", NOWHERE], ["of another path", undefined]]) {
    test(`explains every hook by the public URL ${what}, and advises no register`, async () => {
      const { checks } = await doctor(stack, { CLOUDINARY_PARSE_PUBLIC_URL: url ?? `${stack.service.url}/hooks` });
      const about = (name) => checks.filter(({ check }) => check === name);
      const [hooks, ...others] = about("hooks");
      assert.deepEqual([hooks.status, hooks.remedy, others], ["skipped", null, []]);
      assert.match(hooks.message, /^3 of 3 are registered otherwise .*: see "public URL", and mend that before `cloudinary-parse register`$/);
      for (const name of ["webhook_key", "cloud_code"]) {
        assert.deepEqual(about(name).map(({ status, message }) => `${status}: ${message}`), ['skipped: not tried: see "public URL"']);
      }
      assert.ok(checks.findIndex(({ check }) => check === "public_url") < checks.indexOf(hooks), "the cause comes last");
    });
  }

  test("leaves OpenSSL's codes out", async () => {
    const { checks } = await doctor(stack, { CLOUDINARY_PARSE_PUBLIC_URL: stack.service.url.replace("http:", "https:") });
    const [{ message }] = checks.filter(({ check }) => check === "public_url");
    assert.match(message, /: write EPROTO: (wrong version number|packet length too long) \(/);
  });

  test("warns of an option that nobody reads and of a masked secret, and shows none of it", async () => {
    const { checks } = await doctor(stack, { CLOUDINARY_URL: `cloudinary://${ACCOUNT.api_key}:${"*".repeat(12)}@rig?signature_algoritm=sha256` }, ["--offline"]);
    const warnings = checks.filter(({ check, status }) => check === "configuration" && status === "warning");
    assert.deepEqual(warnings.map(({ message }) => message), [
      "CLOUDINARY_URL: no option is called `signature_algoritm`, so it does nothing, did you mean `signature_algorithm`?",
      "CLOUDINARY_URL: its API secret looks masked or like a placeholder",
    ]);
  });

  describe("of hooks", () => {
    afterEach(async () => {
      const { code, stdout, stderr } = await stack.cli(["register", "--prune"]);
      assert.equal(code, 0, `${stdout}${stderr}`);
    });

    test("finds one that is missing", async () => {
      await remove(stack, "triggers/Note/beforeSave");
      assertFound(await doctor(stack), "hooks", /Note\.beforeSave is not registered/, /register/);
    });

    test("finds several that are missing in one line", async () => {
      for (const path of ["triggers/Note/beforeSave", "triggers/_User/beforeSave", "functions/sign"]) await remove(stack, path);
      const found = await doctor(stack);
      assertFound(found, "hooks", /^Note\.beforeSave, _User\.beforeSave, sign are not registered$/, /register/);
      assert.equal(found.checks.filter(({ check }) => check === "hooks").length, 1);
    });

    test("finds one with another URL", async () => {
      await remove(stack, "functions/sign");
      await hook(stack, "functions", { functionName: "sign", url: `${NOWHERE}/elsewhere` });
      assertFound(await doctor(stack), "hooks", /sign is registered with another URL: http:\/\/127\.0\.0\.1:9\/elsewhere/, /register/);
    });

    test("finds one that is registered twice", async () => {
      await changeHook(stack, "triggers/Note/beforeSave", { url: `${NOWHERE}/elsewhere` });
      assertFound(await doctor(stack), "hooks", /Note\.beforeSave is registered (more than once|with another URL)/, /register/);
    });

    test("finds one that no manifest names", async () => {
      await hook(stack, "triggers", { className: "Gone", triggerName: "beforeSave", url: `${stack.service.url}/triggers/Gone/beforeSave` });
      assertFound(await doctor(stack), "hooks", /Gone\.beforeSave .* no manifest names it/, /--prune/);
    });
  });

  describe("that is stopped", () => {
    const hangs = async () => ({ CLOUDINARY_PARSE_PUBLIC_URL: await helper(startServerThat(() => {})) });
    const waits = async () => (await temporary(stack)).length > 0;

    for (const signal of ["SIGINT", "SIGTERM"]) {
      test(`by ${signal} leaves no hook behind`, async () => {
        assert.equal(await interrupted(stack, await hangs(), waits, signal), 1);
        assert.deepEqual(await temporary(stack), []);
      });
    }

    test("by SIGKILL leaves one behind, which the next run removes", async () => {
      await interrupted(stack, await hangs(), waits, "SIGKILL");
      assert.equal((await temporary(stack)).length, 1);
      assert.equal((await doctor(stack)).code, 0);
      assert.deepEqual(await temporary(stack), []);
    });
  });
});

describe("doctor, where Cloud Code stands before the hooks", () => {
  const manifests = { "Note.toml": MANIFESTS["Note.toml"], "sign.toml": MANIFESTS["sign.toml"], "Sieve.toml": 'class = "Sieve"\n[fields.picture]\n', "Swept.toml": 'class = "Swept"\n[fields.picture]\nmax_age = "1h"\non_replace = "destroy"\ndestroy_within = "app/"\n' };
  const stack = useStack({ manifests, classes: { Note: { picture: "String" }, Sieve: { picture: "String" }, Swept: { picture: "String" } } });
  let found;

  before(async () => {
    // A stack's own Parse Server forgets: a second one has its rows in a folder, and Cloud Code from its second start on.
    const options = { database: path.join(stack.folder, "database"), port: new URL(stack.parseServer.url).port };
    await stack.parseServer.stop();
    stack.parseServer = await startParseServer(stack.folder, options);
    for (const name of ["Note", "Sieve", "Swept"]) await createClass(stack, name, { picture: "String" });
    assert.equal((await stack.cli(["register"])).code, 0);
    await stack.parseServer.stop();
    const cloud = path.join(import.meta.dirname, "support/shadowing-cloud-code.cjs");
    stack.parseServer = await startParseServer(stack.folder, { ...options, env: { PARSE_SERVER_CLOUD: cloud } });
    for (let saves = 0; saves < 3; saves += 1) await create(stack, "Swept", {});
    found = await doctor(stack, { CLOUDINARY_PARSE_ADMIN_BIND: new URL(stack.service.adminUrl).host });
  });

  after(() => stack.parseServer.stop());

  const skip = VERSION < 6 && "on Parse Server 5 the webhook wins";

  test("says that nothing does where the webhook wins", { skip: VERSION > 5 && "from Parse Server 6 on Cloud Code does" }, async () => {
    const said = found.checks.filter(({ check }) => check === "cloud_code");
    assert.deepEqual(said.map(({ status, message }) => [status, message]), [["ok", "none stands before this service's hooks"]]);
  });

  test("finds a trigger", { skip }, () => {
    assertFound(found, "cloud_code", /Note\.beforeSave: Parse Server does not ask this service/, /remove it from the Cloud Code/);
  });

  test("finds a function, although it answers in the same words", { skip }, () => {
    assertFound(found, "cloud_code", /sign: Parse Server does not ask this service/, /remove it from the Cloud Code/);
  });

  test("finds an afterSave that Cloud Code took over", { skip }, () => {
    assertFound(found, "clean_up", /^Swept\.afterSave does not arrive, .*: 3 saves were accepted/, /take the trigger out of the Cloud Code/);
  });

  test("deletes again what Cloud Code has stored all the same", { skip }, async () => {
    assertFound(found, "cloud_code", /Sieve\.beforeSave: Cloud Code stands before .* deleted again/, /remove it from the Cloud Code/);
    assert.deepEqual([await count(stack, "Note"), await count(stack, "Sieve")], [0, 0]);
  });

  test("warns of a Parse Server that takes large requests", () => {
    const [warning] = found.checks.filter(({ check }) => check === "max_upload_size");
    assert.equal(warning.status, "warning");
    assert.match(warning.remedy, /PARSE_SERVER_MAX_UPLOAD_SIZE/);
  });
});

describe("doctor, where masterKeyIps refuses it", { skip: VERSION < 6 && "Parse Server 5 takes it from everywhere" }, () => {
  const stack = useStack({ manifests: MANIFESTS, register: false, parseServer: { env: { PARSE_SERVER_MASTER_KEY_IPS: "10.1.2.3" } } });

  test("says what to set", async () => {
    assertFound(await doctor(stack), "master_key", /masterKeyIps|master key/, /masterKeyIps/);
  });
});

describe("doctor, where Parse Server has client keys", () => {
  const stack = useStack({ manifests: MANIFESTS, register: false, parseServer: { env: { PARSE_SERVER_REST_API_KEY: "rig-rest-key" } } });

  test("says that it needs one", async () => {
    assertFound(await doctor(stack), "public_url", /unauthorized/, /PARSE_SERVER_REST_API_KEY/);
    assert.deepEqual(await temporary(stack), []);
  });
});

describe("doctor, where clean-up destroys", () => {
  const destroys = 'max_age = "1h"\non_replace = "destroy"\non_delete = "destroy"\ndestroy_within = "app/"\n';
  const manifests = { "Note.toml": `class = "Note"\n[fields.picture]\n${destroys}`, "Open.toml": `class = "Open"\n[fields.picture]\n${destroys}` };
  const classes = { Note: { picture: "String" }, Open: { picture: "String" } };
  const guarded = { picture: { type: "String" } };
  const anybody = Object.fromEntries(["find", "count", "get", "create", "update", "delete", "addField"].map((name) => [name, { "*": true }]));
  const stack = useStack({ manifests, classes, parseServer: { env: SMALL } });
  const { uploaded, photo } = picturesOf(stack);
  const line = ({ checks }, name) => checks.filter(({ check }) => check === name);

  test("cannot know whether a beforeFind hides rows, and says so", async () => {
    const [{ status, message }, ...others] = line(await doctor(stack), "hidden_rows");
    assert.deepEqual([status, others], ["skipped", []]);
    assert.match(message, /whether a beforeFind answers in the database's place cannot be told/);
  });

  test("finds all fields shown to hooks", async () => {
    assert.equal(line(await doctor(stack), "protected_fields")[0].status, "ok");
  });

  test("warns of protectedFields, which hide from hooks what users replace", async () => {
    const body = { className: "Note", fields: guarded, classLevelPermissions: { ...anybody, protectedFields: { "*": ["picture"] } } };
    const { fields: _, ...permissions } = body;
    const answer = await stack.rest("PUT", "/schemas/Note", { master: true, body: permissions });
    assert.equal(answer.status, 200, answer.text);
    const found = await doctor(stack);
    const warnings = line(found, "protected_fields");
    assert.deepEqual(warnings.map(({ status }) => status), ["warning"]);
    assert.match(warnings[0].message, /^Note\.picture is one of the class's protectedFields/);
    assert.match(warnings[0].remedy, /protectedFieldsTriggerExempt/);
    assert.equal(found.code, 0);
    // So it is: what a user replaces in the one class queues a job, in the other none, unless hooks are exempt.
    const exempt = process.env.RIG_ANNOUNCED_DEFAULTS === "1";
    for (const [name, queued] of [["Open", 1], ["Note", exempt ? 2 : 1]]) {
      const [id] = await photo(`app/${name}`, name);
      await update(stack, name, id, { picture: await uploaded(`app/${name}2`) }, AS_CLIENT);
      assert.equal((await jobs(stack)).length, queued, name);
    }
  });

  test("warns of a protected moderation_field, which would keep an old picture's verdict", async () => {
    const [note] = Object.values(manifests);
    writeManifests(stack.webhooks, { "Note.toml": `${note}moderation_field = "status"\n` });
    const permissions = { classLevelPermissions: { ...anybody, protectedFields: { "*": ["status"] } } };
    const answer = await stack.rest("PUT", "/schemas/Note", { master: true, body: { className: "Note", fields: { status: { type: "String" } }, ...permissions } });
    assert.equal(answer.status, 200, answer.text);
    const warnings = line(await doctor(stack), "protected_fields");
    writeManifests(stack.webhooks, manifests);
    assert.deepEqual(warnings.map(({ status, message }) => `${status}: ${message}`), [
      "warning: Note.status is one of the class's protectedFields: unless Parse Server's option protectedFieldsTriggerExempt is set, which cannot be asked for, hooks do not see what was stored there, so a new picture keeps what it says of the old one",
    ]);
  });

  test("finds a mistyped class and a mistyped column", async () => {
    const [note, open] = Object.values(manifests);
    writeManifests(stack.webhooks, { "Opne.toml": open.replace("Open", "Opne"), "Note.toml": note.replace("picture", "pictrue") });
    const found = line(await doctor(stack), "columns").map(({ status, message }) => `${status}: ${message}`);
    writeManifests(stack.webhooks, manifests);
    assert.deepEqual(found.sort(), [
      "failed: Note has no column pictrue: did you mean picture?",
      "failed: Parse Server has no class Opne: did you mean Open?",
    ]);
  });

  const counted = () => ({ CLOUDINARY_PARSE_ADMIN_BIND: new URL(stack.service.adminUrl).host });
  const told = (found, name) => line(found, name).map(({ status, message }) => `${status}: ${message}`);

  test("tells from the running service's counters whether afterSave and afterDelete arrive", async () => {
    assert.deepEqual(told(await doctor(stack), "clean_up"), [
      "skipped: whether afterSave and afterDelete arrive is not known: CLOUDINARY_PARSE_ADMIN_BIND names no fixed port, so the running service's counters cannot be read",
    ]);
    for (const name of ["Note", "Open"]) await create(stack, name, {});
    const [id] = [await create(stack, "Open", {})];
    const unknown = "skipped: not known before the first call since the service started: ";
    assert.deepEqual(told(await doctor(stack, counted()), "clean_up"), [
      `${unknown}Note.afterDelete, Open.afterDelete`,
      "ok: arrived: Note.afterSave, Open.afterSave",
    ]);
    assert.equal((await stack.rest("DELETE", `/classes/Open/${id}`, { master: true })).status, 200);
    assert.deepEqual(told(await doctor(stack, counted()), "clean_up"), [
      `${unknown}Note.afterDelete`,
      "ok: arrived: Note.afterSave, Open.afterSave, Open.afterDelete",
    ]);
  });

  test("says who needs notifications, where they must go and whether one came", async () => {
    const [note] = Object.values(manifests);
    writeManifests(stack.webhooks, { "Note.toml": `${note}sync = true\n` });
    const url = `${stack.service.url}/cloudinary/notifications`;
    const needs = "Note.picture (sync)";
    const [unknown] = told(await doctor(stack), "notifications");
    const [none] = line(await doctor(stack, counted()), "notifications");
    const body = JSON.stringify({ notification_type: "delete", resources: [] });
    const post = (secret) => {
      const timestamp = String(Math.floor(Date.now() / 1000));
      const signature = createHash("sha1").update(body + timestamp + secret).digest("hex");
      const headers = { "Content-Type": "application/json", "X-Cld-Timestamp": timestamp, "X-Cld-Signature": signature };
      return fetch(url, { method: "POST", headers, body });
    };
    // A forged one proves nothing.
    assert.equal((await post("forged")).status, 401);
    const [forged] = line(await doctor(stack, counted()), "notifications");
    assert.equal((await post(ACCOUNT.api_secret)).status, 200);
    const [arrived] = told(await doctor(stack, counted()), "notifications");
    writeManifests(stack.webhooks, manifests);
    assert.ok(unknown.startsWith(`skipped: ${needs}: whether any arrived at ${url} is not known: `), unknown);
    for (const { status, message, remedy } of [none, forged]) {
      assert.equal(`${status}: ${message}`, `warning: ${needs}: none has arrived with a good signature since the service started`);
      assert.ok(remedy.startsWith(`let Cloudinary post to ${url} `), remedy);
    }
    assert.equal(arrived, `ok: ${needs}: 1 arrived at ${url} and were verified since the service started`);
  });
});

describe("doctor, where Cloud Code is to call the service", async () => {
  const called = (name) => `class = "${name}"\ncalled_from = "cloud_code"\n[fields.picture]\n`;
  const address = `127.0.0.1:${await freePort()}`;
  const fields = { picture: "String", title: "String", problem: "String" };
  const names = ["Note", "Inert", "Bare", "Lenient", "Picky"];
  const stack = useStack({
    manifests: Object.fromEntries(names.map((name) => [`${name}.toml`, called(name)])),
    env: { CLOUDINARY_PARSE_BIND: address },
    parseServer: {
      env: { ...SMALL, PARSE_SERVER_CLOUD: path.join(import.meta.dirname, "support/guarded-cloud-code.cjs"), CLOUDINARY_PARSE_PUBLIC_URL: `http://${address}` },
    },
    classes: Object.fromEntries(names.map((name) => [name, fields])),
  });
  const line = ({ checks }) => checks.filter(({ check }) => check === "cloud_code");
  let found;

  before(async () => {
    found = await doctor(stack, { CLOUDINARY_PARSE_ADMIN_BIND: new URL(stack.service.adminUrl).host });
  });

  test("proves that it does, also for an app that goes on without the picture", () => {
    const [good] = line(found).filter(({ status }) => status === "ok");
    assert.equal(good?.message, "calls this service before it saves: Lenient, Note", JSON.stringify(found, null, 1));
  });

  for (const [name, how] of [["Inert", "has a trigger that does not call"], ["Bare", "has no trigger"]]) {
    test(`names a class that ${how}, and the line to add`, async () => {
      assertFound(found, "cloud_code", new RegExp(`^${name}: its Cloud Code does not call this service`), new RegExp(`Parse\\.Cloud\\.beforeSave\\("${name}", \\(request\\) => pictures\\.beforeSave\\(request\\)\\)`));
      assert.equal(await count(stack, name), 0);
    });
  }

  test("does not know it where own code refuses the trial save first", () => {
    const [warning] = line(found).filter(({ status }) => status === "warning");
    assert.match(warning.message, /^Picky: whether its Cloud Code calls this service is not known, because it refuses the trial save with "a title, please"$/);
  });

  test("says when Cloud Code calls and nobody decides", async () => {
    await stack.service.stop();
    assertFound(await doctor(stack), "cloud_code", /^Note: its Cloud Code calls, and gets no decision/, /webhookKey/);
  });
});

describe("doctor's advice about protectedFields", { skip: VERSION < 9 && "the option is Parse Server 9's" }, () => {
  const destroys = 'on_replace = "destroy"\ndestroy_within = "app/"\n';
  const stack = useStack({
    manifests: { "Note.toml": `class = "Note"\n[fields.picture]\n${destroys}` },
    parseServer: { env: { PARSE_SERVER_PROTECTED_FIELDS_TRIGGER_EXEMPT: "true" } },
    prepare: async () => {
      const everybody = Object.fromEntries(["find", "get", "create", "update"].map((name) => [name, { "*": true }]));
      const classLevelPermissions = { ...everybody, protectedFields: { "*": ["picture"] } };
      await createClass(stack, "Note", { picture: "String" }, { classLevelPermissions });
    },
  });
  const { uploaded, photo } = picturesOf(stack);

  test("cures it", async () => {
    const [id] = await photo("app/old", "Note");
    await update(stack, "Note", id, { picture: await uploaded("app/new") }, AS_CLIENT);
    assert.equal((await jobs(stack)).length, 1);
  });
});
