// The rig's embedded PostgreSQL in a process of its own, so that its CPU time can be told from Parse Server's.
import { createRequire } from "node:module";
import { endWithStarter } from "../parse-server/lifecycle.mjs";

const require = createRequire(new URL("../parse-server/package.json", import.meta.url));
const { PGlite } = require("@electric-sql/pglite");
const { PGLiteSocketServer } = require("@electric-sql/pglite-socket");

const db = await PGlite.create();
const socket = new PGLiteSocketServer({ db, host: "127.0.0.1", port: 0, maxConnections: 100 });
await socket.start();
console.log(`Database listening on postgres://postgres:postgres@${socket.getServerConn()}/postgres`);
endWithStarter(async () => {
  await socket.stop();
  await db.close();
  process.exit(0);
});
