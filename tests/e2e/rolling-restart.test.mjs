// Three nodes behind nginx, as deploy/nginx says: restarted one after the other under load, no save fails; one that is killed lets
// nothing through unverified.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, startServer } from "../../scripts/parse-server/processes.mjs";
import { REPOSITORY, startService } from "../../scripts/parse-server/stack.mjs";
import { bare, cloudinary, mintIdentifier, row, useStack } from "./support/rig.mjs";

const NODES = 3;
const CLIENTS = 8;
const OLD_SECRET = "the old secret";

const hasNginx = (() => {
  try {
    execFileSync("nginx", ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** Starts nginx with the configuration that is shipped, on other ports. */
async function startNginx(folder, port, nodes) {
  let shipped = readFileSync(path.join(REPOSITORY, "deploy/nginx/cloudinary-parse.conf"), "utf8").replace("127.0.0.1:8080", `127.0.0.1:${port}`);
  nodes.forEach(({ url }, index) => (shipped = shipped.replace(`127.0.0.1:808${index + 1}`, new URL(url).host)));
  writeFileSync(path.join(folder, "cloudinary-parse.conf"), shipped);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
  const around = [
    ...(process.getuid() === 0 ? ["user root;"] : []),
    "worker_processes 1;",
    `pid ${folder}/nginx.pid;`,
    `error_log ${folder}/nginx-error.log;`,
    "events {}",
    `http { access_log off; ${paths.join(" ")} include ${folder}/cloudinary-parse.conf; }`,
  ];
  const configuration = path.join(folder, "nginx.conf");
  writeFileSync(configuration, around.join("\n"));
  const nginx = await startServer({
    name: "nginx",
    command: "nginx",
    args: ["-c", configuration, "-p", folder, "-e", path.join(folder, "nginx-error.log"), "-g", "daemon off;"],
    ready: [],
    logFile: path.join(folder, "nginx.log"),
    env: {},
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${url}/health`).catch(() => null);
    if (answer?.ok) return { ...nginx, url };
    assert.ok(tries < 200 && nginx.isRunning(), nginx.output());
    await sleep(50);
  }
}

/** Clients that save without a pause, good pictures and forged ones, until they are told to stop. */
function load(stack) {
  const seen = { saved: 0, failed: [], forgedSaved: [], refused: 0 };
  let running = true;
  const client = async (number) => {
    for (let turn = 0; running; turn++) {
      const isForged = turn % 4 === 3;
      const signed = mintIdentifier(`c${number}-${turn}`);
      const picture = isForged ? `${bare(signed)}#${"0".repeat(40)}` : signed;
      const answer = await stack.rest("POST", "/classes/Note", { master: true, body: { picture, forged: isForged } });
      if (isForged && answer.status === 201) seen.forgedSaved.push(answer.text);
      else if (isForged) seen.refused++;
      else if (answer.status === 201) seen.saved++;
      else seen.failed.push(`${answer.status} ${answer.text}`);
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  return async () => {
    running = false;
    await clients;
    return seen;
  };
}

describe("three nodes behind nginx", { skip: !hasNginx && "nginx is not installed" }, () => {
  const nodes = [];
  let nginx;
  const stack = useStack({
    manifests: { "Note.toml": 'class = "Note"\n[fields.picture]\n' },
    classes: { Note: { picture: "String", forged: "Boolean" } },
    register: false,
  });

  before(async () => {
    const port = await freePort();
    for (let index = 0; index < NODES; index++) {
      const folder = path.join(stack.folder, `node-${index}`);
      mkdirSync(folder);
      const env = { ...stack.service.env, CLOUDINARY_PARSE_BIND: `127.0.0.1:${await freePort()}`, CLOUDINARY_PARSE_ADMIN_BIND: "127.0.0.1:0" };
      nodes.push({ ...(await startService({ folder, env })), folder });
    }
    nginx = await startNginx(stack.folder, port, nodes);
    const { code, stderr } = await stack.cli(["register"], { CLOUDINARY_PARSE_PUBLIC_URL: nginx.url });
    assert.equal(code, 0, stderr);
  });
  after(() => Promise.all([nginx, ...nodes].map((server) => server?.stop())));

  async function restart(index, variables) {
    const node = nodes[index];
    const env = { ...node.env, CLOUDINARY_PARSE_BIND: new URL(node.url).host, ...variables };
    if (node.isRunning()) assert.equal(await node.stop(), 0, node.output());
    nodes[index] = { ...(await startService({ folder: node.folder, env })), folder: node.folder };
  }

  async function assertNothingUnverifiedIsStored() {
    const where = encodeURIComponent(JSON.stringify({ forged: true }));
    assert.deepEqual((await stack.rest("GET", `/classes/Note?where=${where}`, { master: true })).json.results, []);
    const signed = encodeURIComponent(JSON.stringify({ picture: { $regex: "#" } }));
    assert.deepEqual((await stack.rest("GET", `/classes/Note?where=${signed}`, { master: true })).json.results, []);
  }

  test("are restarted one after the other with a new configuration, and no save fails", async () => {
    const stop = load(stack);
    await sleep(500);
    for (let index = 0; index < NODES; index++) {
      await restart(index, { CLOUDINARY_API_SECRET_PREVIOUS: OLD_SECRET });
      // As docs/nginx.md says: nginx looks at a node again two seconds after it failed.
      await sleep(3_000);
    }
    const seen = await stop();
    assert.deepEqual(seen.failed, []);
    assert.deepEqual(seen.forgedSaved, []);
    assert.ok(seen.saved > CLIENTS && seen.refused > 0, JSON.stringify(seen));
    await assertNothingUnverifiedIsStored();

    const version = Math.floor(Date.now() / 1000);
    for (let index = 0; index < 2 * NODES; index++) {
      const publicId = `old-${index}`;
      const signature = cloudinary.utils.api_sign_request({ public_id: publicId, version }, OLD_SECRET, "sha1", 1);
      const picture = `image/upload/v${version}/${publicId}.jpg#${signature}`;
      const answer = await stack.rest("POST", "/classes/Note", { master: true, body: { picture } });
      assert.equal(answer.status, 201, answer.text);
      assert.equal((await row(stack, "Note", answer.json.objectId)).picture, bare(picture));
    }
  });

  test("one of them is killed: at most its requests in flight are refused, none goes through unverified", async () => {
    const stop = load(stack);
    await sleep(500);
    await nodes[1].stop("SIGKILL");
    await sleep(2_000);
    await restart(1);
    await sleep(500);
    const seen = await stop();
    assert.ok(seen.failed.length <= CLIENTS, seen.failed.join("\n"));
    for (const refusal of seen.failed) assert.match(refusal, /^400 \{"code":141,/);
    assert.deepEqual(seen.forgedSaved, []);
    assert.ok(seen.saved > CLIENTS, JSON.stringify(seen));
    await assertNothingUnverifiedIsStored();
  });

  test("with none left every save is refused", async () => {
    await Promise.all(nodes.map((node) => node.stop("SIGKILL")));
    const answer = await stack.rest("POST", "/classes/Note", { master: true, body: { picture: mintIdentifier("none") } });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.json.code, 141);
    for (let index = 0; index < NODES; index++) await restart(index);
  });
});
