// The servers under comparison, each with one worker on one core.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanEnvironment } from "../parse-server/processes.mjs";
import { ACCOUNT, MANIFESTS, WEBHOOK_KEY, WORKLOADS } from "./workloads.mjs";

const START_TIMEOUT_MS = 20_000;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export class Peer {
  constructor(name, { command, env, folder, core, isFloor = false }) {
    Object.assign(this, { name, command, env, folder, core, isFloor });
  }

  /** Resolves with the milliseconds from the start of the process to its first answer of 200. */
  async start() {
    this.url = `http://127.0.0.1:${await freePort()}`;
    const { host, port } = new URL(this.url);
    const env = cleanEnvironment({
      PORT: port,
      CLOUDINARY_URL: `cloudinary://${ACCOUNT.api_key}:${ACCOUNT.api_secret}@${ACCOUNT.cloud_name}`,
      PARSE_SERVER_WEBHOOK_KEY: WEBHOOK_KEY,
      CLOUDINARY_PARSE_BIND: host,
      ...this.env,
    });
    const started = performance.now();
    this.child = spawn("taskset", ["-c", this.core, ...this.command], { cwd: this.folder, env, stdio: "ignore" });
    this.exited = once(this.child, "exit");
    while (!(await this.ask(WORKLOADS.sign).catch(() => undefined))) {
      if (this.child.exitCode !== null || performance.now() - started > START_TIMEOUT_MS) {
        throw new Error(`${this.name} did not start: ${this.command.join(" ")}`);
      }
      await sleep(1);
    }
    return performance.now() - started;
  }

  async stop() {
    if (this.child?.exitCode !== null || this.child.signalCode) return;
    this.child.kill();
    await this.exited;
  }

  get pid() {
    return this.child.pid;
  }

  /** The path to measure; `length` is that of the answer that is wanted of the floor. */
  address(workload, length) {
    return `${this.url}${workload.path}${this.isFloor ? `?n=${length}` : ""}`;
  }

  /** The text of an answer. */
  async ask(workload, length = 2) {
    const response = await fetch(this.address(workload, length), {
      method: "POST",
      body: JSON.stringify(workload.body),
      headers: { "Content-Type": "application/json", "X-Parse-Webhook-Key": WEBHOOK_KEY, Connection: "close" },
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${this.name} answers ${response.status}: ${text.slice(0, 300)}`);
    return text;
  }
}

/**
 * @param {{folder: string, core: string, binary: string, floor: string}} options `folder`: an empty one, for manifests; absolute paths
 */
export function peers({ folder, core, binary, floor }) {
  const webhooks = path.join(folder, "webhooks");
  mkdirSync(webhooks);
  for (const [name, text] of Object.entries(MANIFESTS)) writeFileSync(path.join(webhooks, name), text);
  const service = {
    CLOUDINARY_PARSE_ADMIN_BIND: "off",
    CLOUDINARY_PARSE_WORKERS: "1",
    CLOUDINARY_PARSE_WEBHOOKS: webhooks,
    // Neither of the others logs refusals.
    RUST_LOG: "warn",
  };
  const express = path.join(import.meta.dirname, "express.mjs");
  return [
    new Peer("floor", { command: [floor], folder, core, isFloor: true }),
    new Peer("cloudinary-parse", { command: [binary, "serve"], env: service, folder, core }),
    new Peer("Express", { command: [process.execPath, express], env: { NODE_ENV: "production" }, folder, core }),
  ];
}

/** Size of a binary without symbols, in MB (10^6 bytes); undefined where `strip` is missing and could have mattered. */
export function strippedMegabytes(binary, folder) {
  const copy = path.join(folder, "stripped");
  copyFileSync(binary, copy);
  if (spawnSync("strip", [copy]).status !== 0) return undefined;
  return statSync(copy).size / 1e6;
}
