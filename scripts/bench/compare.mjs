// What scripts/bench.sh runs.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { peers, strippedMegabytes } from "./peers.mjs";
import { cpuMicroseconds, median, residentMegabytes, table } from "./usage.mjs";
import { WEBHOOK_KEY, WORKLOADS } from "./workloads.mjs";

const [SERVER_CORE, GENERATOR_CORE] = ["1", "0"];
const CONNECTIONS = 32;
const STARTS = 9;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    secs: { type: "string", default: "1" },
    binary: { type: "string" },
    floor: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-bench-"));
const binary = path.resolve(options.binary);
const all = peers({ folder, core: SERVER_CORE, binary, floor: path.resolve(options.floor) });
const names = Object.keys(WORKLOADS);
const service = all.find((peer) => peer.name === "cloudinary-parse");
const lengths = {};

/** CPU microseconds a request of the server, and requests a second. */
async function measure(peer, name, seconds) {
  const script = path.join(import.meta.dirname, "post.lua");
  const url = peer.address(WORKLOADS[name], lengths[name]);
  const wrk = ["wrk", "-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "-s", script, url, "--", path.join(folder, name), WEBHOOK_KEY];
  const before = cpuMicroseconds(peer.pid);
  const { stdout } = await promisify(execFile)("taskset", ["-c", GENERATOR_CORE, ...wrk]);
  const used = cpuMicroseconds(peer.pid) - before;
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${peer.name}, ${name}:\n${stdout}`);
  const requests = Number(stdout.match(/(\d+) requests in/)[1]);
  return { cpu: used / requests, rate: Number(stdout.match(/Requests\/sec:\s+([\d.]+)/)[1]), requests };
}

async function checkAnswers() {
  for (const peer of all.filter((p) => !p.isFloor)) {
    for (const name of names) {
      const text = await peer.ask(WORKLOADS[name]);
      if (!WORKLOADS[name].isRight(JSON.parse(text))) throw new Error(`${peer.name}, ${name}: wrong answer ${text.slice(0, 300)}`);
      if (peer === service) lengths[name] = Buffer.byteLength(text);
    }
  }
}

/** Start-up and idle memory, each from starts of its own. */
async function measureStarts(peer) {
  const [times, memory] = [[], []];
  for (let i = 0; i < STARTS; i++) {
    times.push(await peer.start());
    memory.push(residentMegabytes(peer.pid));
    if (i < STARTS - 1) await peer.stop();
  }
  Object.assign(peer, { startMs: times, idleMegabytes: median(memory), requests: 0 });
}

const samples = Object.fromEntries(names.map((name) => [name, Object.fromEntries(all.map((peer) => [peer.name, []]))]));
const rotated = (list, by) => list.map((_, i) => list[(i + by) % list.length]);

async function measureAll() {
  for (const [name, workload] of Object.entries(WORKLOADS)) writeFileSync(path.join(folder, name), JSON.stringify(workload.body));
  for (const peer of all) await measureStarts(peer);
  await checkAnswers();
  // Node compiles what has run for a while.
  for (const peer of all) for (const name of names) peer.requests += (await measure(peer, name, 1)).requests;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      for (const peer of rotated(all, round)) {
        const sample = await measure(peer, name, Number(options.secs));
        samples[name][peer.name].push(sample);
        peer.requests += sample.requests;
      }
    }
    console.error(`round ${round + 1} of ${rounds} done`);
  }
}

function report() {
  const value = (name, peer, f, key = "cpu") => f(samples[name][peer].map((sample) => sample[key]));
  const least = (list) => Math.min(...list);
  const cpu = (name, peer) => `${value(name, peer, median).toFixed(1)} (${value(name, peer, least).toFixed(1)})`;
  const ratio = (name, peer, f) => (value(name, peer, f) / value(name, "floor", f)).toFixed(2);
  const rows = names.map((name) => [
    name,
    Buffer.byteLength(JSON.stringify(WORKLOADS[name].body)),
    lengths[name],
    ...all.map((peer) => cpu(name, peer.name)),
    ratio(name, "cloudinary-parse", median),
    ratio(name, "cloudinary-parse", least),
    ratio(name, "Express", median),
    Math.round(value(name, "cloudinary-parse", median, "rate")),
  ]);
  console.log(`CPU microseconds a request, median (least) of ${rounds} rounds of ${options.secs} s, ${CONNECTIONS} connections, one worker; × is the ratio to the floor`);
  console.log(table(["workload", "bytes in", "out", ...all.map((peer) => peer.name), "×", "× of least", "Express ×", "requests/s"], rows));
  const size = strippedMegabytes(binary, folder);
  console.log(`\nStart to first answer: median (least) of ${STARTS} starts; memory: resident`);
  console.log(
    table(
      ["server", "start ms", "idle MB", "MB at the end", "after requests", "stripped binary MB"],
      all.map((peer) => [
        peer.name,
        `${median(peer.startMs).toFixed(1)} (${least(peer.startMs).toFixed(1)})`,
        peer.idleMegabytes.toFixed(1),
        residentMegabytes(peer.pid).toFixed(1),
        peer.requests,
        peer === service && size ? size.toFixed(1) : "–",
      ]),
    ),
  );
}

try {
  await measureAll();
  report();
} finally {
  for (const peer of all) await peer.stop();
  rmSync(folder, { recursive: true });
}
