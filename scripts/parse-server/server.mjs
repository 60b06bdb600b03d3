// A real Parse Server on an embedded database, without root and without a database service.
//
//   node server.mjs [--database postgres|mongodb]
//
// Parse Server's own PARSE_SERVER_* variables are its options. Besides:
//   PORT                  0 (the default) takes a free one
//   RIG_DATABASE          postgres (the default) or mongodb, if there is no --database
//   RIG_DATABASE_FOLDER   a folder that survives restarts; default: in memory
//   RIG_DATABASE_URI      a database that runs already, instead
//   RIG_PARSE_SERVER      5, 6, 7, 8 or 9 (the default); all but 9 are installed by `npm ci` in their folder
//   RIG_ANNOUNCED_DEFAULTS   1: options that a deprecation announces another default for have that one
//   RIG_EXIT_WITH_STDIN   1: end when standard input does
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";
import { DATABASES, startDatabase } from "./databases.mjs";
import { endWithStarter } from "./lifecycle.mjs";

const MOUNT_PATH = process.env.PARSE_SERVER_MOUNT_PATH || "/parse";
const GRAPHQL_PATH = "/graphql";
const NEWEST = "9";

/** The folder that holds the wanted Parse Server's node_modules. */
function packageFolder(version) {
  const here = import.meta.dirname;
  return version === NEWEST ? here : path.join(here, `v${version}`);
}

/** Reads the PARSE_SERVER_* variables as Parse Server's own command line does. */
function optionsFromEnvironment(definitions) {
  const options = {};
  for (const [name, { env, action }] of Object.entries(definitions)) {
    const text = env?.startsWith("PARSE_SERVER_") ? process.env[env] : undefined;
    if (!text) continue;
    // Older definitions declare no parser where the value is an object all the same.
    options[name] = action ? action(text) : /^([{[]|true$|false$)/.test(text) ? JSON.parse(text) : text;
  }
  return options;
}

/** The defaults that a later version will have, as this one announces them. */
function announcedDefaults(deprecations) {
  const defaults = {};
  for (const { optionKey, changeNewDefault } of deprecations) {
    if (!changeNewDefault) continue;
    const path = optionKey.split(".");
    const name = path.pop();
    const options = path.reduce((object, key) => (object[key] ??= {}), defaults);
    options[name] = JSON.parse(changeNewDefault);
  }
  // Where the file of the tests lies: every other host is refused, as announced.
  defaults.fileUpload?.allowedFileUrlDomains?.push("files.example");
  return defaults;
}

/** Resolves when hooks are loaded and Cloud Code has run. Parse Server 5 says so by a callback, the later ones by a promise. */
async function startParseServer(ParseServer, options, version) {
  if (Number.parseInt(version, 10) > 5) {
    const server = new ParseServer(options);
    await server.start();
    return server;
  }
  return new Promise((resolve, reject) => {
    const server = new ParseServer({
      ...options,
      serverStartComplete: (error) => (error ? reject(error) : resolve(server)),
    });
  });
}

// Parse Server reads this one when it is loaded, and would make a folder of logs wherever it is started.
process.env.PARSE_SERVER_LOGS_FOLDER = "null";

const folder = packageFolder(process.env.RIG_PARSE_SERVER || NEWEST);
const modules = path.join(folder, "node_modules");
const require = createRequire(path.join(folder, "package.json"));
const { ParseServerOptions } = require(path.join(modules, "parse-server/lib/Options/Definitions.js"));
const { version } = JSON.parse(readFileSync(path.join(modules, "parse-server/package.json")));
// The class itself: what the package exports returns an Express app in version 5.
const { default: ParseServer } = require(path.join(modules, "parse-server/lib/ParseServer.js"));

const { values: given } = parseArgs({ options: { database: { type: "string" } } });
const { RIG_DATABASE, RIG_DATABASE_FOLDER, RIG_DATABASE_URI } = process.env;
const database = RIG_DATABASE_URI
  ? { name: new URL(RIG_DATABASE_URI).protocol, uri: RIG_DATABASE_URI, async stop() {} }
  : await startDatabase(given.database ?? (RIG_DATABASE || DATABASES[0]), RIG_DATABASE_FOLDER || undefined);
console.log(`Database: ${database.name}`);
// A connection that a client still counts on must not be closed under it while the machine is slow.
const listener = http.createServer({ keepAliveTimeout: 60_000 });
listener.listen(Number(process.env.PORT || 0), "127.0.0.1");
await once(listener, "listening");
const url = `http://127.0.0.1:${listener.address().port}${MOUNT_PATH}`;

const options = {
  appId: "rig",
  masterKey: "rig-master-key",
  logLevel: "warn",
  // Where the links of its mails lead; without mails it is not asked for.
  ...(process.env.PARSE_SERVER_EMAIL_ADAPTER && { publicServerURL: url }),
  ...(process.env.RIG_ANNOUNCED_DEFAULTS === "1" && announcedDefaults(require(path.join(modules, "parse-server/lib/Deprecator/Deprecations.js")))),
  ...optionsFromEnvironment(ParseServerOptions),
  logsFolder: null,
  databaseURI: database.uri,
  serverURL: url,
};
const parseServer = await startParseServer(ParseServer, options, version);
// What its own startApp() sets; handleShutdown() closes it.
parseServer.server = listener;
const app = require("express")();
if (options.trustProxy) app.set("trust proxy", options.trustProxy);
app.use(MOUNT_PATH, parseServer.app);
// As its own startApp() does it.
if (options.mountGraphQL) {
  const { ParseGraphQLServer } = require(path.join(modules, "parse-server/lib/GraphQL/ParseGraphQLServer.js"));
  await new ParseGraphQLServer(parseServer, { graphQLPath: GRAPHQL_PATH }).applyGraphQL(app);
}
listener.on("request", app);
if (options.startLiveQueryServer) await ParseServer.createLiveQueryServer(listener, options.liveQueryServerOptions, options);
console.log(`Parse Server ${version} listening on ${url}`);

let stopping = false;
endWithStarter(async () => {
  if (stopping) return;
  stopping = true;
  listener.closeAllConnections();
  await parseServer.handleShutdown();
  await database.stop();
  process.exit(0);
});
