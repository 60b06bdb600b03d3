// The databases that Parse Server can be given here, without root and without a service.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

const MONGODB = path.join(import.meta.dirname, "mongodb");
/** Where `install.sh --database mongodb` puts Python's packages. */
const PYTHON = path.join(MONGODB, "python/bin/python");

/**
 * Each starts a database.
 * @type {Record<string, (folder: string | undefined) => Promise<{name: string, uri: string, stop: () => Promise<void>}>>}
 *   `folder`: survives restarts; default: in memory
 */
const STARTERS = { postgres: startPostgres, mongodb: startMongodb };

/** What RIG_DATABASE may hold, the default first. */
export const DATABASES = Object.keys(STARTERS);

/** Starts the database of that name. */
export function startDatabase(name, folder) {
  if (!STARTERS[name]) throw new Error(`RIG_DATABASE: ${name} is not one of ${DATABASES.join(", ")}`);
  return STARTERS[name](folder);
}

/** PostgreSQL, in this process. */
async function startPostgres(folder) {
  const { PGlite } = await import("@electric-sql/pglite");
  const { PGLiteSocketServer } = await import("@electric-sql/pglite-socket");
  const db = await PGlite.create(folder);
  const socket = new PGLiteSocketServer({ db, host: "127.0.0.1", port: 0, maxConnections: 100 });
  await socket.start();
  const { rows } = await db.query("SHOW server_version");
  return {
    name: `PostgreSQL ${rows[0].server_version} (PGlite)`,
    uri: `postgres://postgres:postgres@${socket.getServerConn()}/postgres`,
    async stop() {
      await socket.stop();
      await db.close();
    },
  };
}

/** A server of MongoDB's protocol, as a child process that ends with this one. */
async function startMongodb(folder) {
  if (!existsSync(PYTHON)) throw new Error("MongoDB's server is not installed: run `scripts/parse-server/install.sh --database mongodb`");
  if (folder) mkdirSync(folder, { recursive: true });
  const child = spawn(PYTHON, [path.join(MONGODB, "server.py"), folder ?? "memory"], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let name;
  for await (const line of createInterface({ input: child.stdout })) {
    name ??= line.match(/^NX-27017 \S+$/)?.[0];
    const address = line.match(/^Listening on (\S+)$/)?.[1];
    if (!address) continue;
    // What it goes on to say must not fill the pipe.
    child.stdout.resume();
    return {
      name,
      uri: `mongodb://${address}/parse`,
      async stop() {
        child.kill();
        await exited;
      },
    };
  }
  throw new Error(`MongoDB's server ended with ${(await exited)[0]} before it listened`);
}
