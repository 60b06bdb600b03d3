// Servers as child processes whose output goes to a file, so that they can outlive their starter when that is wanted.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const START_TIMEOUT_MS = 90_000;
const POLL_MS = 40;
const STOP_TIMEOUT_MS = 20_000;

const owned = new Set();
process.on("exit", () => owned.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

/** Lets every server that was started with `keep` outlive this process. */
export function releaseServers() {
  owned.clear();
}

/** Nothing of the caller's environment reaches a server but what every program needs. */
export function cleanEnvironment(variables) {
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  const defined = Object.entries({ PATH, HOME, TMPDIR, LANG, ...variables }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined);
}

/**
 * Starts a server and waits for the lines that say where it listens.
 * @param {{name: string, command: string, args?: string[], env: object, cwd?: string, ready: RegExp[], logFile: string, keep?: boolean}} options
 *   `ready`: once all match, their first groups become `urls`; `keep`: the server can outlive this process
 */
export async function startServer({ name, command, args = [], env, cwd, ready, logFile, keep = false }) {
  const log = openSync(logFile, "w");
  const child = spawn(command, args, {
    cwd,
    env: cleanEnvironment({ ...env, RIG_EXIT_WITH_STDIN: keep ? "0" : "1" }),
    stdio: [keep ? "ignore" : "pipe", log, log],
    detached: keep,
  });
  closeSync(log);
  const exited = once(child, "exit");
  if (keep) child.unref();
  owned.add(child);
  child.once("exit", () => owned.delete(child));

  const server = {
    name,
    pid: child.pid,
    output: () => readFileSync(logFile, "utf8"),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    exited,
    /** Ends the server; resolves with its exit code, `null` after a signal that it did not handle. */
    async stop(signal = "SIGTERM") {
      if (!server.isRunning()) return child.exitCode;
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      const [code] = await exited;
      clearTimeout(timer);
      return code;
    },
  };
  server.urls = await matchOutput(server, ready);
  return server;
}

async function matchOutput(server, patterns) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const running = server.isRunning();
    const output = server.output();
    const matches = patterns.map((pattern) => output.match(pattern)?.[1]);
    if (matches.every(Boolean)) return matches;
    if (!running) throw new Error(`${server.name} ended before it was ready:\n${server.output()}`);
    await sleep(POLL_MS);
  }
  throw new Error(`${server.name} was not ready in ${START_TIMEOUT_MS} ms:\n${server.output()}`);
}

/** A port that is free: for servers that have to know of each other before either listens. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Runs a command to its end. */
export async function run(command, args, { env, cwd, input = "" }) {
  const child = spawn(command, args, { cwd, env: cleanEnvironment(env), stdio: ["pipe", "pipe", "pipe"] });
  owned.add(child);
  const result = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (result.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (result.stderr += text));
  child.stdin.on("error", () => {}).end(input);
  [result.code] = await once(child, "close");
  owned.delete(child);
  return result;
}
