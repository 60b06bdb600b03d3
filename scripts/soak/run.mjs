// What scripts/soak.sh runs.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rest } from "../parse-server/client.mjs";
import { ACCOUNT, PARSE, startParseServer, startService, startStack } from "../parse-server/stack.mjs";

const minutes = Number(process.argv[2]);
const END = Date.now() + minutes * 60_000;
/** Between two rounds of calls. */
const PAUSE_MS = 250;
/** Nothing may take longer. */
const PATIENCE_MS = 20_000;
const OLD_SECRET = "the old secret";
/** A life of the service may end with so much more than it had once it was warm, in MB. */
const GROWTH_MB = 6;

const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-soak-"));
const database = path.join(folder, "database");
const stack = await startStack({
  folder,
  parseServer: { database },
  env: { CLOUDINARY_PARSE_QUEUE: `sqlite://${path.join(folder, "queue.db")}` },
  manifests: {
    "Note.toml": 'class = "Note"\n[fields.picture]\non_replace = "destroy"\ngrace = "10s"\ndestroy_within = "soak/"\n',
    "Checked.toml": 'class = "Checked"\n[fields.picture]\nconfirm = true\n',
    "sign.toml": 'function = "sign"\naction = "sign_upload"\naccess = "public"\n[upload]\ntags = "soak"\n',
    "url.toml": 'function = "url"\naction = "delivery_url"\naccess = "public"\n[url]\nwidth = 100\ncrop = "fill"\n',
  },
});
for (const className of ["Note", "Checked"]) {
  const fields = { picture: { type: "String" }, title: { type: "String" }, n: { type: "Number" } };
  await rest(stack.parseServer.url, "POST", `/schemas/${className}`, { master: true, body: { className, fields } });
}
const address = new URL(stack.service.url);
let webhookKey = PARSE.webhookKey;
let serviceEnv = { ...stack.service.env, CLOUDINARY_PARSE_BIND: address.host };

/** What is under way; a good call may then fail, a bad one never succeed. */
const trouble = new Set();
const counts = {};
const wrong = [];
const memory = [];
const events = [];
const count = (what) => (counts[what] = (counts[what] ?? 0) + 1);

const seconds = () => Math.floor(Date.now() / 1000);
const sign = (publicId, version, secret = ACCOUNT.api_secret) =>
  createHash("sha1").update(`public_id=${publicId}&version=${version}${secret}`).digest("hex");
let serial = 0;
const picture = (secret) => {
  const [publicId, version] = [`soak/${++serial}`, seconds()];
  const bare = `image/upload/v${version}/${publicId}.jpg`;
  return { bare, signed: `${bare}#${sign(publicId, version, secret)}` };
};

/** Asks, and notes an answer that is not right. `good`: what must be answered, which trouble excuses from; `never`: what must not be. */
async function call(what, ask, { good, never }) {
  const before = trouble.size;
  let answer;
  try {
    answer = await Promise.race([ask(), sleep(PATIENCE_MS, { status: 0, text: "no answer" }, { ref: false })]);
  } catch (error) {
    answer = { status: 0, text: String(error.cause ?? error) };
  }
  const excused = before || trouble.size;
  const isGood = await good(answer);
  count(isGood ? what : excused ? `${what}, refused in trouble` : `${what}, WRONG`);
  if (never?.(answer) || (!isGood && !excused)) wrong.push(`${new Date().toISOString()} ${what}: ${answer.status} ${answer.text.slice(0, 300)}`);
  return isGood ? answer : null;
}

const parse = (method, at, options) => rest(stack.parseServer.url, method, at, { master: true, ...options });
const direct = async (at, body, headers) => {
  const response = await fetch(stack.service.url + at, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });
  return { status: response.status, text: await response.text() };
};
const refusedWith = (text) => ({ status, text: answer }) => status === 400 && answer === JSON.stringify({ code: 141, error: text });
const saved = ({ status }) => status === 200 || status === 201;
const stored = async (className, id, expected) => (await parse("GET", `/classes/${className}/${id}`)).json.picture === expected;

let kept;
/** One round of everything. */
async function round() {
  const fresh = picture();
  const created = await call("save", () => parse("POST", "/classes/Note", { body: { picture: fresh.signed, title: "good", n: 1 } }), { good: saved });
  if (created) {
    const { objectId } = created.json;
    await call("row", async () => ({ status: (await stored("Note", objectId, fresh.bare)) ? 200 : 500, text: "another picture" }), { good: ({ status }) => status === 200 });
    kept ??= objectId;
  }
  const forged = picture("no secret at all").signed;
  await call("forged save", () => parse("POST", "/classes/Note", { body: { picture: forged, title: "forged" } }), { good: refusedWith("Bad signature"), never: saved });
  if (kept) {
    const next = picture();
    await call("replaced", () => parse("PUT", `/classes/Note/${kept}`, { body: { picture: next.signed, n: { __op: "Increment", amount: 1 } } }), { good: saved });
    await call("untouched", () => parse("PUT", `/classes/Note/${kept}`, { body: { title: `t${serial}` } }), { good: saved });
  }
  await call("signed upload", () => parse("POST", "/functions/sign", { body: {} }), { good: ({ status, text }) => status === 200 && /^[0-9a-f]{40}$/.test(JSON.parse(text).result?.signature) });
  await call("delivery URL", () => parse("POST", "/functions/url", { body: { identifier: fresh.bare } }), { good: ({ status, text }) => status === 200 && text.includes("/c_fill,w_100/") });
  // The account has no such picture: Cloudinary says so, or cannot be asked; either way it is not saved.
  if (serial % 8 < 2) await call("picture that Cloudinary does not know", () => parse("POST", "/classes/Checked", { body: { picture: picture().signed, title: "forged" } }), { good: ({ status }) => status === 400, never: saved });
  const key = { "X-Parse-Webhook-Key": webhookKey };
  const hook = "/triggers/Note/beforeSave";
  await call("malformed", () => direct(hook, '{"object":{"a":01}}', key), { good: ({ status }) => status === 400, never: ({ status }) => status < 400 && status > 0 });
  await call("wrong key", () => direct(hook, '{"object":{}}', { "X-Parse-Webhook-Key": "wrong" }), { good: ({ status }) => status === 401, never: ({ status }) => status < 400 && status > 0 });
  const notice = JSON.stringify({ notification_type: "upload", public_id: "x", n: serial });
  const stamp = String(seconds());
  const signature = createHash("sha1").update(notice + stamp + ACCOUNT.api_secret).digest("hex");
  const headers = { "X-Cld-Timestamp": stamp, "X-Cld-Signature": signature };
  await call("notification", () => direct("/cloudinary/notifications", notice, headers), { good: ({ status }) => status === 200 });
  await call("forged notification", () => direct("/cloudinary/notifications", `${notice} `, headers), { good: ({ status }) => status === 401, never: ({ status }) => status === 200 });
}

let life = 0;
function sample() {
  if (!stack.service.isRunning()) return;
  const status = readFileSync(`/proc/${stack.service.pid}/status`, "utf8");
  const rss = Number(status.match(/VmRSS:\s+(\d+)/)[1]) / 1024;
  memory.push({ life, at: Date.now(), rss, files: readdirSync(`/proc/${stack.service.pid}/fd`).length });
}

async function during(name, work) {
  const began = Date.now();
  console.error(`${new Date().toISOString()} ${name}`);
  trouble.add(name);
  await work();
  // What was under way when it ended is excused too.
  await sleep(1_000);
  trouble.delete(name);
  events.push([name, Math.round((Date.now() - began) / 1000)]);
}

const restartParseServer = () =>
  during("Parse Server restarted", async () => {
    const { port } = new URL(stack.parseServer.url);
    await stack.parseServer.stop();
    stack.parseServer = await startParseServer(folder, { database, port: Number(port), env: { PARSE_SERVER_WEBHOOK_KEY: webhookKey } });
  });
const restartService = (name, variables) =>
  during(name, async () => {
    await stack.service.stop();
    serviceEnv = { ...serviceEnv, ...variables };
    stack.service = await startService({ folder, env: serviceEnv });
    life++;
  });
const outage = () =>
  during("Cloudinary away", async () => {
    process.kill(stack.double.pid, "SIGSTOP");
    await sleep(20_000);
    process.kill(stack.double.pid, "SIGCONT");
  });
const reload = async () => {
  process.kill(stack.service.pid, "SIGHUP");
  events.push(["manifests loaded again", 0]);
};

async function rotateKey() {
  const next = `key-${seconds()}`;
  await restartService("new webhook key beside the old", { PARSE_SERVER_WEBHOOK_KEY: next, PARSE_SERVER_WEBHOOK_KEY_PREVIOUS: webhookKey });
  webhookKey = next;
  await restartParseServer();
  await restartService("old webhook key gone", { PARSE_SERVER_WEBHOOK_KEY_PREVIOUS: undefined });
}

async function rotateSecret() {
  await restartService("old secret still accepted", { CLOUDINARY_API_SECRET_PREVIOUS: OLD_SECRET });
  for (let n = 0; n < 20; n++) {
    const old = picture(OLD_SECRET);
    await call("save signed with the old secret", () => parse("POST", "/classes/Note", { body: { picture: old.signed, title: "good" } }), { good: saved });
    await sleep(PAUSE_MS);
  }
  await restartService("old secret gone", { CLOUDINARY_API_SECRET_PREVIOUS: undefined });
  const old = picture(OLD_SECRET).signed;
  await call("save signed with a secret that is gone", () => parse("POST", "/classes/Note", { body: { picture: old, title: "forged" } }), { good: refusedWith("Bad signature"), never: saved });
}

/** One thing after the other, evenly over the time. */
async function calendar() {
  const plan = [reload, outage, restartParseServer, reload, outage, rotateKey, reload, outage, restartParseServer, rotateSecret, reload, outage, restartParseServer, reload];
  const step = (END - Date.now()) / (plan.length + 1);
  for (const happen of plan) {
    const next = Date.now() + step;
    await sleep(Math.max(0, Math.min(step * 0.8, END - Date.now() - 1_000)));
    if (Date.now() > END - 2_000) return;
    await happen();
    await sleep(Math.max(0, next - Date.now()));
  }
}

console.error(`${new Date().toISOString()} began`);
const sampler = setInterval(sample, 5_000);
const happening = calendar();
while (Date.now() < END) {
  await round();
  await sleep(PAUSE_MS);
}
await happening;
sample();
clearInterval(sampler);

// What is in the database, whatever was answered.
for (const className of ["Note", "Checked"]) {
  for (let skip = 0; ; skip += 1000) {
    const { results } = (await parse("GET", `/classes/${className}?keys=picture,title&order=createdAt&limit=1000&skip=${skip}`)).json;
    for (const { objectId, picture: held, title } of results) {
      if (title === "forged") wrong.push(`${className} ${objectId}: a forged save is stored`);
      if (held?.includes("#")) wrong.push(`${className} ${objectId}: stored with its signature`);
    }
    if (results.length < 1000) break;
  }
}
const lines = stack.service.output().split("\n").filter((line) => /panic/.test(line));
wrong.push(...lines);

const grouped = (list, keyOf) => {
  const groups = new Map();
  for (const item of list) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups];
};
console.log(`| calls | |\n|---|---|\n${Object.entries(counts).map(([what, n]) => `| ${what} | ${n} |`).join("\n")}`);
const happened = grouped(events, ([name]) => name);
console.log(`\n| what happened | times | took at most |\n|---|---|---|\n${happened.map(([name, all]) => `| ${name} | ${all.length} | ${Math.max(...all.map(([, s]) => s))} s |`).join("\n")}`);
console.log("\n| the service, from start to start | minutes | RSS when warm | at its end | most | open files at most |\n|---|---|---|---|---|---|");
for (const [index, all] of grouped(memory, ({ life }) => life)) {
  const mean = (part) => part.reduce((sum, { rss }) => sum + rss, 0) / part.length;
  const warm = mean(all.slice(Math.floor(all.length * 0.3)).slice(0, 5));
  const last = mean(all.slice(-5));
  const lasted = (all.at(-1).at - all[0].at) / 60_000;
  console.log(`| ${Number(index) + 1} | ${lasted.toFixed(1)} | ${warm.toFixed(1)} MB | ${last.toFixed(1)} MB | ${Math.max(...all.map(({ rss }) => rss)).toFixed(1)} MB | ${Math.max(...all.map(({ files }) => files))} |`);
  if (lasted > 2 && last > warm + GROWTH_MB) wrong.push(`life ${index}: grew from ${warm.toFixed(1)} to ${last.toFixed(1)} MB`);
}
console.log(wrong.length ? `\n${wrong.length} wrong:\n${wrong.slice(0, 20).join("\n")}` : "\nno wrong answer, no growth");
await stack.stop();
rmSync(folder, { recursive: true, force: true });
process.exit(wrong.length ? 1 : 0);
