// What clean-up costs Parse Server's database: assets are lost in classes of many rows, a real PostgreSQL answers what refers to them.
//
//   node clean-up.mjs [--only NAME] [--json FILE]
//
// CLOUDINARY_PARSE_BIN names the binary. The losses are told to the service as Parse Server tells them, by calls of its afterDelete
// hook; no row holds what is lost. Measured is what happens from then to the last destroy call, the grace period left out of the time.
import { spawn, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ACCOUNT, PARSE, startCloudinaryDouble, startParseServer, startService, writeManifests } from "../parse-server/stack.mjs";
import { cpuMicroseconds, familyMicroseconds, table } from "./usage.mjs";

const GRACE_S = 10;
const LIMIT_MS = 20 * 60_000;
/** Later than every upload of the double: what is lost is the newest. */
const VERSION = 4_000_000_000;
const FIELD = `on_delete = "destroy"\ngrace = "${GRACE_S}s"\ndestroy_within = "app/"\n`;
const CASES = [
  { name: "few", rows: 200_000, losses: 4, many: false },
  { name: "single", rows: 200_000, losses: 200, many: false },
  { name: "many", rows: 50_000, losses: 200, many: true },
  { name: "large", rows: 1_000_000, losses: 10_000, many: false },
];

const { values: options } = parseArgs({ options: { only: { type: "string" } } });
const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-clean-up-"));
const running = [];

function postgresTools() {
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql").sort() : [];
  const found = versions.map((version) => `/usr/lib/postgresql/${version}/bin`).findLast((bin) => existsSync(`${bin}/initdb`));
  if (!found) throw new Error("PostgreSQL is not installed");
  return found;
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  server.close();
  return port;
}

/** PostgreSQL refuses to run as root. */
const unprivileged = (command, args) => (process.getuid() === 0 ? ["runuser", ["-u", "postgres", "--", command, ...args]] : [command, args]);

async function startPostgres() {
  const bin = postgresTools();
  const port = await freePort();
  chmodSync(folder, 0o777);
  const data = path.join(folder, "data");
  execFileSync(...unprivileged(`${bin}/initdb`, ["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "-D", data]), { stdio: "ignore" });
  const settings = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=256MB", "-p", String(port), "-k", folder];
  const child = spawn(...unprivileged(`${bin}/postgres`, [...settings, "-D", data]), { stdio: "ignore" });
  running.push({ stop: () => child.kill("SIGINT") });
  const psql = (sql) => execFileSync(`${bin}/psql`, ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-qAt", "-c", sql], { encoding: "utf8" });
  for (let tries = 0; ; tries++) {
    try {
      psql("SELECT 1");
      break;
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(200);
    }
  }
  const pid = Number(readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[0]);
  return { uri: `postgres://postgres@127.0.0.1:${port}/postgres`, pid, psql };
}

const master = { "X-Parse-Application-Id": PARSE.appId, "X-Parse-Master-Key": PARSE.masterKey, "Content-Type": "application/json" };

async function post(url, headers, body) {
  const answer = await fetch(url, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** A class with so many rows, each with pictures that nobody loses. */
async function fill({ name, rows, many }, parseServer, postgres) {
  const className = `C${name}`;
  const type = many ? "Array" : "String";
  await post(`${parseServer.url}/schemas/${className}`, master, { className, fields: { picture: { type } } });
  const identifier = (n) => `'image/upload/v1700000000/app/kept/' || md5(${n}::text) || '.jpg'`;
  const value = many ? `jsonb_build_array(${[0, 1, 2].map((n) => identifier(`(i * 3 + ${n})`)).join(", ")})` : identifier("i");
  postgres.psql(
    `INSERT INTO "${className}" ("objectId", "createdAt", "updatedAt", "picture")
     SELECT substr(md5('row' || i), 1, 10) || i, now() - interval '2 days', now() - interval '2 days', ${value} FROM generate_series(1, ${rows}) AS i`,
  );
  postgres.psql(`VACUUM ANALYZE "${className}"`);
  return className;
}

async function upload(double, publicId) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHash("sha1").update(`public_id=${publicId}&timestamp=${timestamp}${ACCOUNT.api_secret}`).digest("hex");
  const file = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
  const form = new URLSearchParams({ public_id: publicId, timestamp, signature, api_key: ACCOUNT.api_key, file });
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  await post(`${double.url}/v1_1/${ACCOUNT.cloud_name}/image/upload`, headers, form.toString());
}

async function inParts(count, size, work) {
  for (let at = 0; at < count; at += size) await Promise.all(Array.from({ length: Math.min(size, count - at) }, (_, i) => work(at + i)));
}

async function metric(service, name) {
  const text = await (await fetch(`${service.adminUrl}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name.replace(/[{}"]/g, "\\$&")} (\\S+)$`, "m"))?.[1] ?? 0);
}

async function measure(one, postgres, parseServer, double) {
  const className = await fill(one, parseServer, postgres);
  const field = one.many ? `many = true\n${FIELD}` : FIELD;
  const home = mkdtempSync(path.join(folder, `${one.name}-`));
  const service = await startService({
    folder: home,
    env: {
      CLOUDINARY_URL: double.cloudinaryUrl,
      CLOUDINARY_PARSE_WEBHOOKS: writeManifests(path.join(home, "webhooks"), { "class.toml": `class = "${className}"\n[fields.picture]\n${field}` }),
      PARSE_SERVER_URL: parseServer.url,
      PARSE_SERVER_APPLICATION_ID: PARSE.appId,
      PARSE_SERVER_MASTER_KEY: PARSE.masterKey,
      PARSE_SERVER_WEBHOOK_KEY: PARSE.webhookKey,
      CLOUDINARY_PARSE_QUEUE: "sqlite://queue.db",
    },
  });
  running.push(service);
  console.error(`${one.name}: ${one.rows} rows are there`);
  const id = (n) => `app/lost/${one.name}/${createHash("md5").update(String(n)).digest("hex")}`;
  await inParts(one.losses, 20, (n) => upload(double, id(n)));
  const rowsRead = () => Number(postgres.psql(`SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = '${className}'`));
  const headers = { "X-Parse-Webhook-Key": PARSE.webhookKey, "Content-Type": "application/json" };
  await sleep(1500);
  const before = { read: rowsRead(), database: familyMicroseconds(postgres.pid), parse: cpuMicroseconds(parseServer.pid), service: cpuMicroseconds(service.pid) };
  await inParts(one.losses, 20, (n) => {
    const text = `image/upload/v${VERSION}/${id(n)}.jpg`;
    const object = { className, objectId: `lost${n}`, picture: one.many ? [text] : text };
    return post(`${service.url}/triggers/${className}/afterDelete`, headers, { triggerName: "afterDelete", object });
  });
  const told = performance.now();
  console.error(`${one.name}: ${one.losses} losses are told`);
  const destroyed = 'cloudinary_parse_queue_tries_total{outcome="destroyed"}';
  while ((await metric(service, destroyed)) < one.losses) {
    if (performance.now() - told > LIMIT_MS) throw new Error(`${one.name}: not done in time:\n${service.output().slice(-2000)}`);
    await sleep(250);
  }
  const seconds = (performance.now() - told) / 1000 - GRACE_S - 1;
  // PostgreSQL's backends hand their counts over when they are idle.
  const used = { database: familyMicroseconds(postgres.pid), parse: cpuMicroseconds(parseServer.pid), service: cpuMicroseconds(service.pid) };
  await sleep(2500);
  const read = rowsRead();
  await service.stop();
  const each = (who) => ((used[who] - before[who]) / 1000 / one.losses).toFixed(2);
  const walks = ((read - before.read) / one.rows).toFixed(1);
  return [one.many ? "array" : "one text", one.rows, one.losses, seconds.toFixed(1), each("database"), each("parse"), each("service"), walks];
}

try {
  const postgres = await startPostgres();
  const parseServer = await startParseServer(folder, { env: { RIG_DATABASE_URI: postgres.uri } });
  const double = await startCloudinaryDouble(folder);
  running.push(parseServer, double);
  const rows = [];
  for (const one of CASES.filter(({ name }) => !options.only || options.only.split(",").includes(name))) {
    rows.push(await measure(one, postgres, parseServer, double));
    console.error(rows.at(-1).join("  "));
  }
  const head = ["field", "rows", "lost assets", "seconds", "database", "Parse Server", "service", "rows read / rows"];
  console.log("From the end of the grace period to the last destroy call; CPU milliseconds an asset");
  console.log(table(head, rows));
} finally {
  for (const server of running.reverse()) await server.stop();
  await sleep(500);
  rmSync(folder, { recursive: true, force: true });
}
