// What a save through a real Parse Server costs with the hook, with the npm package in Cloud Code, with the same check by the official SDK there, and
// with none.
//
//   node end-to-end.mjs --rounds 5 --secs 4 [--json FILE]
//
// CLOUDINARY_PARSE_BIN names the binary. The database is an embedded PostgreSQL in a process of its own. With DATABASE_URI, for example
// postgres://postgres@127.0.0.1:5432, it is that server's databases bench_none, bench_cloud_code, bench_helper and bench_hook, which must be there and
// empty; DATABASE_PID is then the server's first process, whose CPU time is counted.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { startServer } from "../parse-server/processes.mjs";
import { Rig } from "./saves.mjs";
import { connectionsTo, cpuMicroseconds, familyMicroseconds, median, quantile, table } from "./usage.mjs";

const CHECKS = ["none", "Cloud Code", "helper", "hook"];
const CLIENTS = [1, 16];
const WARM_UP_MS = 6_000;
const BATCH = 50;

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, secs: { type: "string", default: "4" }, json: { type: "string" } },
});
const [rounds, secs] = [Number(options.rounds), Number(options.secs)];
const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-bench-"));
const rigs = [];

/** Parse Server does not prefix all of its tables: each needs a database of its own. */
async function startDatabase(check) {
  const name = check.toLowerCase().replace(" ", "_");
  const { DATABASE_URI, DATABASE_PID } = process.env;
  if (DATABASE_URI) return { urls: [`${DATABASE_URI}/bench_${name}`], pid: Number(DATABASE_PID) || undefined, stop: async () => {} };
  return startServer({
    name: "the database",
    command: process.execPath,
    args: [path.join(import.meta.dirname, "database.mjs")],
    ready: [/^Database listening on (\S+)$/m],
    logFile: path.join(folder, `${name}.log`),
  });
}

/** Everybody's CPU time in microseconds. */
function usage(rig) {
  const { user, system } = process.cpuUsage();
  return {
    parseServer: cpuMicroseconds(rig.parseServer.pid),
    service: rig.service ? cpuMicroseconds(rig.service.pid) : NaN,
    database: rig.database.pid ? familyMicroseconds(rig.database.pid) : NaN,
    clients: user + system,
  };
}

async function measure(rig, clients) {
  const before = usage(rig);
  const start = performance.now();
  const times = await rig.save(clients, secs * 1000);
  const elapsed = performance.now() - start;
  const after = usage(rig);
  const cpu = Object.fromEntries(Object.keys(after).map((who) => [who, (after[who] - before[who]) / times.length]));
  return { rate: times.length / (elapsed / 1000), p50: median(times), p99: quantile(times, 0.99), ...cpu };
}

/** The most connections from Parse Server to the service under growing loads, idle ones of the load before included. */
async function measureConnections(rig) {
  const { port } = new URL(rig.service.url);
  const saves = (clients) => [`${clients} client${clients > 1 ? "s" : ""}, one object a save`, () => rig.save(clients, 3000)];
  const loads = [saves(1), saves(16), [`one batch of ${BATCH} objects`, () => rig.saveBatch(BATCH)], saves(64)];
  const found = {};
  for (const [name, load] of loads) {
    let most = 0;
    const timer = setInterval(() => (most = Math.max(most, connectionsTo(port))), 2);
    await load();
    clearInterval(timer);
    found[name] = Math.max(most, connectionsTo(port));
  }
  return found;
}

function report(samples, connections) {
  const value = (sample, key, digits) => (Number.isNaN(median(sample.map((s) => s[key]))) ? "–" : median(sample.map((s) => s[key])).toFixed(digits));
  const rows = Object.entries(samples).map(([name, list]) => {
    const [check, clients] = name.split("/");
    const latency = ["p50", "p99"].map((key) => value(list, key, 1));
    const cpu = ["parseServer", "service", "database", "clients"].map((key) => value(list, key, 0));
    return [check, clients, value(list, "rate", 0), ...latency, ...cpu];
  });
  console.log(`Creates of one object, median of ${rounds} rounds of ${secs} s; CPU microseconds a save`);
  console.log(table(["check", "clients", "saves/s", "p50 ms", "p99 ms", "Parse Server", "service", "database", "clients' own"], rows));
  console.log("\nConnections from one Parse Server to the service, at most");
  console.log(table(["load", "connections"], Object.entries(connections)));
}

try {
  for (const check of CHECKS) {
    const rig = new Rig(folder, check, await startDatabase(check));
    rigs.push(rig);
    await rig.start();
  }
  const connections = await measureConnections(rigs.find((rig) => rig.check === "hook"));
  for (const rig of rigs) await rig.save(16, WARM_UP_MS);
  const samples = Object.fromEntries(CHECKS.flatMap((check) => CLIENTS.map((clients) => [`${check}/${clients}`, []])));
  for (let round = 0; round < rounds; round++) {
    for (const clients of CLIENTS) {
      for (let i = 0; i < rigs.length; i++) {
        const rig = rigs[(i + round) % rigs.length];
        samples[`${rig.check}/${clients}`].push(await measure(rig, clients));
      }
    }
    console.error(`round ${round + 1} of ${rounds} done`);
  }
  report(samples, connections);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ samples, connections }, null, 1)}\n`);
} finally {
  for (const rig of rigs) await rig.stop();
  rmSync(folder, { recursive: true, force: true });
}
