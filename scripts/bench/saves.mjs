// A Parse Server with one way of checking saves, and clients that save.
import { mkdirSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { mintIdentifier, bare, rest } from "../parse-server/client.mjs";
import { freePort, run } from "../parse-server/processes.mjs";
import { ACCOUNT, binary, PARSE, startParseServer, startService, writeManifests } from "../parse-server/stack.mjs";

const CLOUDINARY_URL = `cloudinary://${ACCOUNT.api_key}:${ACCOUNT.api_secret}@${ACCOUNT.cloud_name}`;
const SCHEMA = { title: "String", takenAt: "Date", location: "GeoPoint", likes: "Number", tags: "Array", cloudinaryIdentifier: "String" };
const IDENTIFIERS = Array.from({ length: 512 }, (_, i) => mintIdentifier(`users/u1/picture-${i}`));

let serial = 0;
function photo(cloudinaryIdentifier = IDENTIFIERS[serial++ % IDENTIFIERS.length]) {
  return {
    title: "Sunset over the lake",
    takenAt: { __type: "Date", iso: "2026-02-01T18:30:00.000Z" },
    location: { __type: "GeoPoint", latitude: 47.38, longitude: 8.54 },
    likes: 0,
    tags: ["sunset", "lake"],
    cloudinaryIdentifier,
  };
}

/** A Parse Server on a database of its own; `check`: "none", "Cloud Code" (the official SDK), "helper" (the npm package in Cloud Code) or "hook". */
export class Rig {
  constructor(folder, check, database) {
    Object.assign(this, { check, database, folder: path.join(folder, check.replace(" ", "-")) });
  }

  async start() {
    mkdirSync(this.folder);
    const address = `127.0.0.1:${await freePort()}`;
    this.parseServer = await startParseServer(this.folder, {
      env: {
        RIG_DATABASE_URI: this.database.urls[0],
        ...(this.check === "Cloud Code" && { PARSE_SERVER_CLOUD: path.join(import.meta.dirname, "cloud.cjs"), CLOUDINARY_URL }),
        ...(this.check === "helper" && { PARSE_SERVER_CLOUD: path.join(import.meta.dirname, "helper.cjs"), CLOUDINARY_PARSE_PUBLIC_URL: `http://${address}` }),
      },
    });
    await this.createClassAndUser();
    if (this.check === "hook" || this.check === "helper") await this.startChecks(address);
    await this.prove();
  }

  async createClassAndUser() {
    const fields = Object.fromEntries(Object.entries(SCHEMA).map(([name, type]) => [name, { type }]));
    await this.ask("POST", "/schemas/Photo", { master: true, body: { className: "Photo", fields } }, 200);
    const user = await this.ask("POST", "/users", { body: { username: "alice", password: "a password" } }, 201);
    this.session = user.json.sessionToken;
  }

  async startChecks(address) {
    const calledFrom = this.check === "helper" ? 'called_from = "cloud_code"\n' : "";
    const env = {
      CLOUDINARY_URL,
      CLOUDINARY_PARSE_BIND: address,
      CLOUDINARY_PARSE_WEBHOOKS: writeManifests(path.join(this.folder, "webhooks"), {
        "Photo.toml": `class = "Photo"\n${calledFrom}[fields.cloudinaryIdentifier]\n`,
      }),
      PARSE_SERVER_URL: this.parseServer.url,
      PARSE_SERVER_APPLICATION_ID: PARSE.appId,
      PARSE_SERVER_MASTER_KEY: PARSE.masterKey,
      PARSE_SERVER_WEBHOOK_KEY: PARSE.webhookKey,
    };
    this.service = await startService({ folder: this.folder, env });
    const { code, stderr } = await run(binary(), ["register"], { cwd: this.folder, env: this.service.env });
    if (code !== 0) throw new Error(`register ended with ${code}:\n${stderr}`);
  }

  /** That the check is in force, or is not where there is to be none. */
  async prove() {
    const [signed] = IDENTIFIERS;
    const created = await this.ask("POST", "/classes/Photo", { session: this.session, body: photo(signed) }, 201);
    const row = await this.ask("GET", `/classes/Photo/${created.json.objectId}`, { master: true }, 200);
    const wanted = this.check === "none" ? signed : bare(signed);
    if (row.json.cloudinaryIdentifier !== wanted) throw new Error(`${this.check}: stored ${row.json.cloudinaryIdentifier}`);
    const forged = photo(`${bare(signed)}#${"0".repeat(40)}`);
    await this.ask("POST", "/classes/Photo", { session: this.session, body: forged }, this.check === "none" ? 201 : 400);
  }

  async ask(method, where, options, status) {
    const answer = await rest(this.parseServer.url, method, where, options);
    if (answer.status !== status) throw new Error(`${this.check}: ${method} ${where} answers ${answer.status}: ${answer.text}`);
    return answer;
  }

  /** Saves with so many clients at a time for so long: the milliseconds that each save took. */
  async save(clients, milliseconds) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
    const times = [];
    const end = performance.now() + milliseconds;
    const client = async () => {
      while (performance.now() < end) {
        const start = performance.now();
        await this.post(agent, "/classes/Photo", photo());
        times.push(performance.now() - start);
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    agent.destroy();
    return times;
  }

  /** One batch of so many creates; fails unless all were taken. */
  async saveBatch(size) {
    const agent = new http.Agent();
    const mount = new URL(this.parseServer.url).pathname;
    const requests = Array.from({ length: size }, () => ({ method: "POST", path: `${mount}/classes/Photo`, body: photo() }));
    const text = await this.post(agent, "/batch", { requests }, 200);
    if (!JSON.parse(text).every((item) => item.success)) throw new Error(`${this.check}: batch answers ${text.slice(0, 300)}`);
  }

  post(agent, where, body, status = 201) {
    const text = JSON.stringify(body);
    const headers = {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(text),
      "X-Parse-Application-Id": PARSE.appId,
      "X-Parse-Session-Token": this.session,
    };
    return new Promise((resolve, reject) => {
      const request = http.request(this.parseServer.url + where, { method: "POST", agent, headers }, (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (part) => (answer += part));
        response.on("end", () => {
          if (response.statusCode === status) resolve(answer);
          else reject(new Error(`${this.check}: ${response.statusCode} ${answer}`));
        });
      });
      request.on("error", reject).end(text);
    });
  }

  async stop() {
    await this.parseServer?.stop();
    await this.service?.stop();
    await this.database.stop();
  }
}
