// Parse Server, Cloudinary's double and cloudinary-parse, wired to each other on free ports: what the demo and the
// end-to-end tests run against.
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { run, startServer } from "./processes.mjs";

const HERE = import.meta.dirname;
export const REPOSITORY = path.resolve(HERE, "../..");

/** The account of Cloudinary's double. */
export const ACCOUNT = { cloud_name: "rig", api_key: "123456789012345", api_secret: "rig-api-secret" };
/** The keys of every Parse Server started here. */
export const PARSE = { appId: "rig-app", masterKey: "rig-master-key", webhookKey: "rig-webhook-key" };

/** `CLOUDINARY_PARSE_BIN`, else the binary that was built last. */
export function binary() {
  const given = process.env.CLOUDINARY_PARSE_BIN;
  if (given) return path.resolve(given);
  const target = process.env.CARGO_TARGET_DIR ?? path.join(REPOSITORY, "target");
  const built = ["release", "debug"].map((profile) => path.join(target, profile, "cloudinary-parse")).filter(existsSync);
  if (!built.length) throw new Error("no cloudinary-parse binary: run `cargo build`");
  return built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/** A folder of manifests from their texts, keyed by file name. */
export function writeManifests(folder, manifests) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(manifests)) writeFileSync(path.join(folder, name), text);
  return folder;
}

/**
 * Starts a Parse Server of the version in RIG_PARSE_SERVER, on the database in RIG_DATABASE.
 * @param {string} folder for its log
 * @param {{env?: object, database?: string, port?: number, keep?: boolean}} [options]
 */
export async function startParseServer(folder, { env, database, port = 0, keep } = {}) {
  const server = await startServer({
    name: "Parse Server",
    command: process.execPath,
    args: [path.join(HERE, "server.mjs")],
    ready: [/^Parse Server \S+ listening on (\S+)$/m],
    logFile: path.join(folder, "parse-server.log"),
    keep,
    env: {
      RIG_PARSE_SERVER: process.env.RIG_PARSE_SERVER,
      RIG_DATABASE: process.env.RIG_DATABASE,
      RIG_ANNOUNCED_DEFAULTS: process.env.RIG_ANNOUNCED_DEFAULTS,
      RIG_DATABASE_FOLDER: database,
      PORT: String(port),
      PARSE_SERVER_APPLICATION_ID: PARSE.appId,
      PARSE_SERVER_MASTER_KEY: PARSE.masterKey,
      PARSE_SERVER_WEBHOOK_KEY: PARSE.webhookKey,
      ...env,
    },
  });
  return { ...server, url: server.urls[0] };
}

/** Starts Cloudinary's double; `cloudinaryUrl` is then the account as cloudinary-parse is to be configured with. */
export async function startCloudinaryDouble(folder, { port = 0, keep } = {}) {
  const { cloud_name, api_key, api_secret } = ACCOUNT;
  const account = `cloudinary://${api_key}:${api_secret}@${cloud_name}`;
  const double = await startServer({
    name: "Cloudinary's double",
    command: process.execPath,
    args: [path.join(HERE, "cloudinary-double.mjs")],
    ready: [/^Cloudinary double listening on (\S+)$/m],
    logFile: path.join(folder, "cloudinary-double.log"),
    keep,
    env: { CLOUDINARY_URL: account, PORT: String(port) },
  });
  // Delivery URLs are to reach the double as well: plain HTTP under a host name of one's own.
  const [url] = double.urls;
  const options = new URLSearchParams({ upload_prefix: url, secure: "false", cname: new URL(url).host });
  return { ...double, url, cloudinaryUrl: `${account}?${options}` };
}

/**
 * Starts `cloudinary-parse serve` in a working folder of its own, so that no `.env` lies there.
 * @param {{folder: string, env: object, keep?: boolean}} options
 */
export async function startService({ folder, env, keep }) {
  const complete = {
    CLOUDINARY_PARSE_BIND: "127.0.0.1:0",
    CLOUDINARY_PARSE_ADMIN_BIND: "127.0.0.1:0",
    ...env,
  };
  const service = await startServer({
    name: "cloudinary-parse",
    command: binary(),
    args: ["serve"],
    cwd: folder,
    ready: [/webhook listener on (http\S+)/, /admin listener on (http\S+)/],
    logFile: path.join(folder, "cloudinary-parse.log"),
    keep,
    env: complete,
  });
  const [url, adminUrl] = service.urls;
  return { ...service, url, adminUrl, env: { ...complete, CLOUDINARY_PARSE_PUBLIC_URL: url } };
}

/**
 * Starts the sample gallery, an app in the browser.
 * @param {{folder: string, parseServerUrl: string, apiUrl: string, cloudName: string, port?: number, keep?: boolean}} options
 *   `apiUrl`: Cloudinary's API or the double's
 */
export async function startGallery({ folder, parseServerUrl, apiUrl, cloudName, port = 0, keep }) {
  const gallery = await startServer({
    name: "the sample gallery",
    command: process.execPath,
    args: [path.join(HERE, "gallery-server.mjs")],
    ready: [/^Gallery listening on (\S+)$/m],
    logFile: path.join(folder, "gallery.log"),
    keep,
    env: {
      PORT: String(port),
      PARSE_SERVER_URL: parseServerUrl,
      PARSE_SERVER_APPLICATION_ID: PARSE.appId,
      GALLERY_UPLOAD_URL: `${apiUrl}/v1_1/${cloudName}/image/upload`,
    },
  });
  return { ...gallery, url: gallery.urls[0] };
}

/**
 * Starts everything and registers the hooks.
 * @param {object} [options]
 * @param {string | Record<string, string>} [options.manifests] a folder, or texts by file name; default: the shipped ones
 * @param {object} [options.parseServer] see `startParseServer`
 * @param {object} [options.env] more variables of the service
 * @param {string} [options.cloudinaryUrl] a real account instead of the double
 * @param {{port?: number}} [options.double] see `startCloudinaryDouble`
 * @param {string} [options.folder] for logs and databases; default: a temporary one
 * @param {boolean} [options.keep] everything can outlive this process (`releaseServers`)
 * @param {boolean | string[]} [options.register] whether to, or with which options; default: true
 */
export async function startStack(options = {}) {
  const { manifests = path.join(REPOSITORY, "webhooks"), env, cloudinaryUrl, keep, register = true } = options;
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), "cloudinary-parse-rig-"));
  const webhooks = typeof manifests === "string" ? manifests : writeManifests(path.join(folder, "webhooks"), manifests);

  const [parseServer, double] = await Promise.all([
    startParseServer(folder, { ...options.parseServer, keep }),
    cloudinaryUrl ? undefined : startCloudinaryDouble(folder, { ...options.double, keep }),
  ]);
  const service = await startService({
    folder,
    keep,
    env: {
      CLOUDINARY_URL: cloudinaryUrl ?? double.cloudinaryUrl,
      CLOUDINARY_PARSE_WEBHOOKS: webhooks,
      PARSE_SERVER_URL: parseServer.url,
      PARSE_SERVER_APPLICATION_ID: PARSE.appId,
      PARSE_SERVER_MASTER_KEY: PARSE.masterKey,
      PARSE_SERVER_WEBHOOK_KEY: PARSE.webhookKey,
      ...env,
    },
  });

  const stack = {
    folder,
    webhooks,
    parseServer,
    double,
    service,
    /** Runs a command of cloudinary-parse in the service's environment. */
    cli: (args, variables = {}) => run(binary(), args, { cwd: folder, env: { ...service.env, ...variables } }),
    /** Ends what is in its places now: a test may have put a restarted server there. */
    async stop() {
      await Promise.all([this.parseServer, this.double, this.service].map((server) => server?.stop()));
      if (!options.folder) rmSync(folder, { recursive: true, force: true });
    },
  };
  if (register) {
    const { code, stderr, stdout } = await stack.cli(["register", ...(register === true ? [] : register)]);
    if (code !== 0) throw new Error(`register ended with ${code}:\n${stdout}${stderr}`);
  }
  return stack;
}
