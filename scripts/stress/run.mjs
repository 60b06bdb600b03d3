// What scripts/stress.sh runs: one service with the limits that it has by default, calls as Parse Server's, attackers beside them.
import { fork } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { binary, writeManifests } from "../parse-server/stack.mjs";
import { startServer } from "../parse-server/processes.mjs";
import { bursts, raw, save, whole } from "./calls.mjs";

const SECRET = "stress-api-secret";
const KEY = "stress-webhook-key";
const MIB = 1024 * 1024;
const LIMIT = 16 * MIB;
/** How often each attack is measured; two of three have to hold. */
const RUNS = 3;
const BURSTS = 10;
/** What a connection may cost, in MB; one that reads nothing holds requests and an answer. */
const PER_CONNECTION = 0.025;
const PER_SLOW_READER = 0.25;
/** How much slower than without attackers 99 of 100 calls may be. */
const SLOWER = 10;

const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-stress-"));
const service = await startServer({
  name: "cloudinary-parse serve",
  // With the limit of open files that shells and service managers begin with.
  command: "/bin/sh",
  args: ["-c", 'ulimit -Sn 1024; exec "$0" serve', binary()],
  cwd: folder,
  ready: [/webhook listener on (http\S+)/, /admin listener on (http\S+)/],
  logFile: path.join(folder, "service.log"),
  env: {
    CLOUDINARY_URL: `cloudinary://123456789012345:${SECRET}@demo`,
    PARSE_SERVER_WEBHOOK_KEY: KEY,
    CLOUDINARY_PARSE_BIND: "127.0.0.1:0",
    CLOUDINARY_PARSE_ADMIN_BIND: "127.0.0.1:0",
    CLOUDINARY_PARSE_WEBHOOKS: writeManifests(path.join(folder, "webhooks"), { "Photo.toml": 'class = "Photo"\n[fields.picture]\n' }),
    RUST_LOG: process.env.RUST_LOG ?? "info",
  },
});
const { hostname: host, port } = new URL(service.urls[0]);
const target = { host, port: Number(port), key: KEY };
const attackers = fork(path.join(import.meta.dirname, "attackers.mjs"));
const ask = (message) =>
  new Promise((resolve) => {
    attackers.once("message", resolve);
    attackers.send(message);
  });

const rss = () => Number(readFileSync(`/proc/${service.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;
const descriptors = () => readdirSync(`/proc/${service.pid}/fd`).length;
let peak = 0;
const sampler = setInterval(() => service.isRunning() && (peak = Math.max(peak, rss())), 50);

const rows = [];
let failed = false;
function report(row) {
  if (row.verdict !== "ok") failed = true;
  rows.push(row);
  const cells = [row.name, row.held, row.p50, row.p99, row.ratio, row.rss, row.verdict].map((cell) => cell ?? "");
  console.log(`| ${cells.join(" | ")} |`);
}
const ms = (value) => `${value.toFixed(1)} ms`;

console.log(`| attack | held | p50 | p99 | × unloaded | peak RSS | |\n|---|---|---|---|---|---|---|`);
await bursts(target, SECRET, BURSTS);
const unloaded = await bursts(target, SECRET, 3 * BURSTS);
report({ name: "none", p50: ms(unloaded.p50), p99: ms(unloaded.p99), rss: `${peak.toFixed(0)} MB`, verdict: unloaded.wrong.length ? unloaded.wrong[0] : "ok" });

/** Calls while attackers hold connections. */
async function under(name, attacks) {
  peak = 0;
  const cost = ([kind, count]) => count * (kind === "slow reader" ? PER_SLOW_READER : PER_CONNECTION);
  const maxRss = Math.round(rss() + 10 + attacks.map(cost).reduce((sum, mb) => sum + mb));
  for (const [kind, count] of attacks) await ask({ command: "attack", kind, count, target });
  await sleep(1_000);
  const held = await ask({ command: "state" });
  const runs = [];
  for (let run = 0; run < RUNS; run++) runs.push(await bursts(target, SECRET, BURSTS));
  const after = await ask({ command: "state" });
  await ask({ command: "stop" });
  const wrong = runs.flatMap((run) => run.wrong);
  const fast = runs.filter((run) => run.p99 < SLOWER * unloaded.p99).length;
  const p99s = runs.map((run) => run.p99).sort((a, b) => a - b);
  const faults = [
    wrong.length && `${wrong.length} wrong: ${wrong[0]}`,
    fast < 2 && `slow in ${RUNS - fast} of ${RUNS} runs`,
    peak > maxRss && `more than ${maxRss} MB`,
  ].filter(Boolean);
  report({
    name,
    held: `${held.open} (${after.open} at the end)`,
    p50: ms(Math.max(...runs.map((run) => run.p50))),
    p99: p99s.map(ms).join(", "),
    ratio: (p99s[1] / unloaded.p99).toFixed(1),
    rss: `${peak.toFixed(0)} MB`,
    verdict: faults.join("; ") || "ok",
  });
  await sleep(500);
}

async function bodies() {
  peak = 0;
  const fill = (size) => {
    const { body } = save(SECRET, "");
    return save(SECRET, "x".repeat(size - body.length));
  };
  const at = fill(LIMIT);
  const over = fill(LIMIT + 1);
  const faults = [];
  for (const chunked of [false, true]) {
    const [taken, refused] = await Promise.all([
      Promise.all(Array.from({ length: 4 }, () => raw(target, whole(target, at.body, { chunked })))),
      Promise.all(Array.from({ length: 4 }, () => raw(target, whole(target, over.body, { chunked })))),
    ]);
    const kind = chunked ? "chunked" : "with its length";
    if (!taken.every((text) => text.startsWith("HTTP/1.1 200") && text.endsWith(at.expected))) faults.push(`${kind}: ${taken[0].slice(0, 60)}`);
    // A sender that is cut off may miss the answer, never get another one.
    if (!refused.every((text) => text === "" || text.startsWith("HTTP/1.1 413"))) faults.push(`${kind}, over: ${refused[0].slice(0, 60)}`);
  }
  // In turn: a body, its copy while it arrives in pieces, the answer; eight at a time.
  if (peak > 8 * 3 * (LIMIT / MIB) + 60) faults.push(`${peak.toFixed(0)} MB`);
  report({ name: "bodies at and over 16 MiB, chunked and not", rss: `${peak.toFixed(0)} MB`, verdict: faults.join("; ") || "ok" });
}

async function pipelining() {
  peak = 0;
  const { body, expected } = save(SECRET);
  const one = whole(target, body, { close: false }).join("");
  const last = whole(target, body).join("");
  const texts = await Promise.all(Array.from({ length: 100 }, () => raw(target, [one.repeat(99) + last])));
  const wrong = texts.filter((text) => text.split(expected).length !== 101).length;
  report({ name: "100 connections with 100 pipelined requests each", held: "100", rss: `${peak.toFixed(0)} MB`, verdict: wrong ? `${wrong} wrong` : "ok" });
}

await under("200 attackers that hold connections", [["silent", 50], ["slow head", 50], ["slow body, no key", 50], ["slow body", 50]]);
await under("2,000 slow readers and writers", [["slow head", 500], ["slow body", 500], ["slow body, no key", 500], ["slow reader", 500]]);
await under("10,000 idle connections from Parse Server", [["idle", 10_000]]);
await under("10,000 connections that send nothing", [["silent", 10_000]]);
await bodies();
await pipelining();
await sleep(2_000);
const end = await bursts(target, SECRET, BURSTS);
report({ name: "none, afterwards", held: `${descriptors()} descriptors`, p50: ms(end.p50), p99: ms(end.p99), rss: `${rss().toFixed(0)} MB at the end`, verdict: end.wrong.length ? end.wrong[0] : "ok" });

clearInterval(sampler);
attackers.disconnect();
const lines = service.output().split("\n").filter((line) => /panic|ERROR/.test(line));
if (lines.length) console.log(lines.slice(0, 5).join("\n"));
if (!service.isRunning()) failed = true;
await service.stop();
if (process.env.KEEP_LOG) console.log(path.join(folder, "service.log"));
else rmSync(folder, { recursive: true, force: true });
process.exit(failed || lines.length ? 1 : 0);
