// The helpers for Cloud Code with objects of every Parse SDK that a Parse Server brings, before services that answer anything.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { REPOSITORY } from "../../scripts/parse-server/stack.mjs";
import { startServerThat } from "../e2e/support/tampering-proxy.mjs";

const require = createRequire(import.meta.url);
const { cloudinaryParse, PictureError } = require("../../npm/cloudinary-parse");
const { readAnswer } = require("../../npm/cloudinary-parse/lib/answer.js");

const UNAVAILABLE = "The picture could not be checked. Please try again later.";
const IDENTIFIER = "image/upload/v1/a.jpg";

/** The Parse SDK inside a Parse Server. */
function sdkOf(version) {
  const folder = path.join(REPOSITORY, "scripts/parse-server", version === 9 ? "." : `v${version}`);
  return createRequire(path.join(folder, "node_modules/parse-server/package.json"))("parse/node");
}
const Parse = sdkOf(9);

/** A service that answers every call the same, and keeps what it was asked. */
async function startService(answer) {
  const calls = [];
  const service = await startServerThat(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    calls.push({ path: request.url, headers: request.headers, body: JSON.parse(text), text });
    const { status = 200, headers = { "Content-Type": "application/json" }, body } = answer();
    response.writeHead(status, headers).end(body);
  });
  return { ...service, calls };
}

/** A save as a trigger gets it, and a log that remembers. */
function saving(changes = { picture: `${IDENTIFIER}#${"0".repeat(40)}` }, sdk = Parse) {
  const object = sdk.Object.fromJSON({ className: "Photo", objectId: "abc", title: "before" });
  const original = sdk.Object.fromJSON({ className: "Photo", objectId: "abc", title: "before" });
  object.set(changes);
  const lines = [];
  return { triggerName: "beforeSave", object, original, master: false, log: { error: (line) => lines.push(line) }, lines };
}

describe("the helpers for Cloud Code", () => {
  let answer = { body: "{}" };
  let service;
  let pictures;
  before(async () => {
    service = await startService(() => answer);
    pictures = cloudinaryParse({ url: `${service.url}/pictures//`, webhookKey: "the key" });
  });
  after(() => service.stop());

  const answering = (body, rest = {}) => (answer = { body: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body), ...rest });

  async function assertUndecided(request = saving()) {
    const before = JSON.stringify(request.object._getSaveJSON());
    const error = await pictures.beforeSave(request).then(() => assert.fail("it was let through"), (error) => error);
    assert.ok(error instanceof PictureError, error);
    assert.deepEqual([error.message, error.reason], [UNAVAILABLE, "unavailable"]);
    assert.equal(JSON.stringify(request.object._getSaveJSON()), before);
    assert.equal(request.lines.length, 1);
    assert.match(request.lines[0], /^cloudinary-parse: no decision on Photo\.beforeSave: ./);
    return request.lines[0];
  }

  test("send what Parse Server sends, to the same path with the same key", async () => {
    answering("{}");
    const request = saving({ picture: "x", count: { __op: "Increment", amount: 2 }, "meta.views": { __op: "Increment", amount: 1 } });
    const given = { ...request, master: true, isReadOnly: false, headers: { host: "a" }, ip: "::1", installationId: "i", context: Object.assign(Object.create(null), { a: 1 }) };
    await pictures.beforeSave({ ...given, config: { masterKey: "never" }, user: Parse.Object.fromJSON({ className: "_User", objectId: "u", sessionToken: "r:1" }) });
    const { path, headers, body } = service.calls.at(-1);
    assert.equal(path, "/pictures/triggers/Photo/beforeSave");
    assert.deepEqual([headers["x-parse-webhook-key"], headers["content-type"]], ["the key", "application/json"]);
    const { user, ...rest } = body;
    assert.equal(user.sessionToken, "r:1");
    assert.deepEqual(rest, {
      triggerName: "beforeSave",
      object: { ...rest.object, objectId: "abc", title: "before", picture: "x", count: { __op: "Increment", amount: 2 }, className: "Photo" },
      original: { title: "before", objectId: "abc", className: "Photo" },
      master: true,
      isReadOnly: false,
      headers: { host: "a" },
      ip: "::1",
      installationId: "i",
      context: { a: 1 },
      calledFrom: "cloud_code",
      dottedKeys: ["meta.views"],
    });
  });

  for (const version of [9, 8, 7, 6, 5]) {
    describe(`with the Parse SDK of Parse Server ${version}`, () => {
      const sdk = sdkOf(version);
      const { Object: ParseObject } = sdk;
      const friend = ParseObject.fromJSON({ className: "Friend", objectId: "f" });
      const deep = JSON.parse(`${'{"a":'.repeat(200)}1${"}".repeat(200)}`);
      const changes = {
        text: "a\ud83d",
        price: 5e-324,
        when: new Date(0),
        friend,
        place: new sdk.GeoPoint(1.5, 2.5),
        file: sdk.File.fromJSON({ __type: "File", name: "a.txt", url: "http://files.example/a.txt" }),
        ACL: new sdk.ACL({ "*": { read: true } }),
        meta: { __proto__: null, friend, when: new Date(1), list: [{ friend }], success: {}, deep },
        large: "🐈".repeat(500_000),
        count: { __op: "Increment", amount: 2 },
        tags: { __op: "AddUnique", objects: ["c"] },
        gone: { __op: "Delete" },
        friends: { __op: "AddRelation", objects: [friend.toPointer()] },
        "stats.views": { __op: "Increment", amount: 1 },
      };

      test("leave everything but their own keys as it was", async () => {
        const request = saving({ ...changes, picture: "x#y", pictures: { __op: "AddUnique", objects: ["x#y"] } }, sdk);
        const { picture: _, pictures: __, ...expected } = request.object._getSaveJSON();
        answering({ success: { picture: "x", pictures: { __op: "AddUnique", objects: ["x"] }, status: { __op: "Delete" } } });
        await pictures.beforeSave(request);
        const { picture, pictures: list, status, ...rest } = request.object._getSaveJSON();
        assert.deepEqual({ picture, list, status }, { picture: "x", list: { __op: "AddUnique", objects: ["x"] }, status: { __op: "Delete" } });
        assert.equal(JSON.stringify(rest), JSON.stringify(expected));
        assert.deepEqual(service.calls.at(-1).body.dottedKeys, ["stats.views"]);
      });

      test("leave everything after {}", async () => {
        const request = saving(changes, sdk);
        const expected = JSON.stringify(request.object._getSaveJSON());
        answering("{}");
        await pictures.beforeSave(request);
        assert.equal(JSON.stringify(request.object._getSaveJSON()), expected);
      });

      test("do not write what the row already holds", async () => {
        const request = saving({ title: "before#signed", status: "approved", other: 1 }, sdk);
        answering({ success: { title: "before", status: null } });
        await pictures.beforeSave(request);
        assert.deepEqual(request.object._getSaveJSON(), { other: 1 });
      });
    });
  }

  test("refuse in the service's words, and store nothing", async () => {
    const request = saving();
    for (const text of ["Bad signature", "Photo.picture: expected an identifier", "é🐈"]) {
      answering({ error: text });
      await assert.rejects(pictures.beforeSave(request), { name: "PictureError", message: text, reason: "refused" });
    }
    assert.deepEqual(request.lines, []);
  });

  describe("let nothing through but a decision", () => {
    const json = { "Content-Type": "application/json" };
    const odd = {
      "an empty body": { body: "" },
      "a body of white space": { body: " " },
      "{} with a space": { body: "{ }" },
      "{} with a line break": { body: "{}\n" },
      "a byte order mark": { body: "\ufeff{}" },
      "cut JSON": { body: '{"success":{"picture":"x"}' },
      "two JSON texts": { body: '{"error":"x"}{}' },
      HTML: { body: "<html></html>", headers: { "Content-Type": "text/html" } },
      "JSON as text": { body: "{}", headers: { "Content-Type": "text/plain" } },
      "no content type": { body: "{}", headers: {} },
      "another character set": { body: "{}", headers: { "Content-Type": "application/json; charset=latin1" } },
      "a content encoding": { body: "{}", headers: { ...json, "Content-Encoding": "identity" } },
      "no UTF-8": { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) },
      "null": { body: "null" },
      "true": { body: "true" },
      "a number": { body: "0" },
      "a text": { body: '"{}"' },
      "an array": { body: "[]" },
      "an empty error": { body: '{"error":""}' },
      "an error that is no text": { body: '{"error":{"message":"x"}}' },
      "error: null": { body: '{"error":null}' },
      "error: true": { body: '{"error":true}' },
      "an error with a code": { body: '{"code":141,"error":"x"}' },
      "both": { body: '{"success":{"picture":"x"},"error":"x"}' },
      "neither": { body: '{"ok":true}' },
      "success: true": { body: '{"success":true}' },
      "success: null": { body: '{"success":null}' },
      "success: a text": { body: '{"success":"x"}' },
      "success: an array": { body: '{"success":["x"]}' },
      "success: nothing": { body: '{"success":{}}' },
      "a success of Parse Server's own keys": { body: '{"success":{"objectId":"x"}}' },
      "a success with an ACL": { body: '{"success":{"picture":"x","ACL":{}}}' },
      "a success with a dotted key": { body: '{"success":{"a.b":"x"}}' },
      "a success with a hidden key": { body: '{"success":{"_rperm":"x"}}' },
      "a success with __proto__": { body: '{"success":{"__proto__":"x"}}' },
      "a success with a number": { body: '{"success":{"picture":5}}' },
      "a success with an empty text": { body: '{"success":{"picture":""}}' },
      "a success with an Increment": { body: '{"success":{"picture":{"__op":"Increment","amount":1}}}' },
      "a success with an operation and more": { body: '{"success":{"picture":{"__op":"Delete","objects":[]}}}' },
      "a success with an Add of numbers": { body: '{"success":{"picture":{"__op":"Add","objects":[1]}}}' },
    };
    for (const status of [201, 204, 206, 301, 302, 304, 307, 400, 401, 404, 405, 413, 429, 500, 502, 503]) {
      odd[`the status ${status}`] = { status, body: [204, 304].includes(status) ? undefined : "{}", headers: { ...json, Location: "/pictures/elsewhere" } };
    }
    for (const [name, given] of Object.entries(odd)) {
      test(`not ${name}`, async () => {
        answer = given;
        const calls = service.calls.length;
        await assertUndecided();
        assert.equal(service.calls.length, calls + 1, "a redirect was followed or the call repeated");
      });
    }

    test("not any part of one", () => {
      for (const whole of ['{"error":"x"}', '{"success":{"picture":"x"}}', '{"success":{"picture":{"__op":"Add","objects":["x"]}}}']) {
        const read = (body) => readAnswer({ status: 200, headers: { "content-type": "application/json" }, body: Buffer.from(body) });
        assert.doesNotThrow(() => read(whole));
        for (let end = 0; end < whole.length; end++) assert.throws(() => read(whole.slice(0, end)), whole.slice(0, end));
      }
    });
  });

  test("have what cannot be sent refused as well", async () => {
    const request = saving();
    request.context = { cycle: {} };
    request.context.cycle.self = request.context;
    await assertUndecided(request);
    // Parse Server cannot store this one either.
    const unsaved = saving({ friend: new Parse.Object("Friend") });
    await assert.rejects(pictures.beforeSave(unsaved), { message: UNAVAILABLE, reason: "unavailable" });
    assert.match(unsaved.lines[0], /Cannot create a pointer to an unsaved ParseObject$/);
  });

  test("never fail what is already done", async () => {
    for (const given of [{ body: "{}" }, { status: 503, body: "{}" }, { body: '{"error":"x"}' }, { body: '{"success":{"a":"b"}}' }]) {
      answer = given;
      for (const trigger of ["afterSave", "afterDelete"]) {
        const request = saving();
        assert.equal(await pictures[trigger](request), undefined);
        assert.equal(service.calls.at(-1).path, `/pictures/triggers/Photo/${trigger}`);
        assert.equal(service.calls.at(-1).body.triggerName, trigger);
        assert.equal(request.lines.length, given.status || given.body !== "{}" ? 1 : 0);
      }
    }
  });

  test("encode what the class is called", async () => {
    answering("{}");
    const object = Parse.Object.fromJSON({ className: "A/B", objectId: "x" });
    await pictures.beforeSave({ object });
    assert.equal(service.calls.at(-1).path, "/pictures/triggers/A%2FB/beforeSave");
  });
});

describe("a service that is not there", () => {
  const undecided = { name: "PictureError", message: UNAVAILABLE, reason: "unavailable" };

  async function startRaw(onConnection) {
    const server = net.createServer(onConnection).listen(0, "127.0.0.1");
    await once(server, "listening");
    const sockets = new Set();
    server.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
    return { url: `http://127.0.0.1:${server.address().port}`, stop: () => sockets.forEach((socket) => socket.destroy()) || server.close() };
  }

  async function assertRefused(url, reason, timeout) {
    const request = saving();
    await assert.rejects(cloudinaryParse({ url, webhookKey: "k", timeout }).beforeSave(request), undecided);
    assert.match(request.lines[0], reason);
  }

  test("refuses connections", async () => {
    const server = await startRaw(() => {});
    server.stop();
    await assertRefused(server.url, /ECONNREFUSED/);
  });

  const raw = {
    "hangs up": [(socket) => socket.destroy(), /socket hang up|ECONNRESET/],
    "speaks something else": [(socket) => socket.end("220 mail.example ESMTP\r\n"), /Parse Error/],
    "breaks off in its answer": [
      (socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{}")),
      /aborted/,
    ],
    "breaks off in a chunk": [
      (socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")),
      /aborted/,
    ],
  };
  for (const [name, [onConnection, reason]] of Object.entries(raw)) {
    test(name, async () => {
      const server = await startRaw(onConnection);
      await assertRefused(server.url, reason);
      server.stop();
    });
  }

  for (const [name, onConnection] of Object.entries({
    "says nothing": () => {},
    "never ends its answer": (socket) => socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{}")),
  })) {
    test(name, async () => {
      const server = await startRaw(onConnection);
      await assertRefused(server.url, /^cloudinary-parse: no decision on Photo\.beforeSave: no answer within 100 ms$/, 100);
      server.stop();
    });
  }

  test("closes idle connections, which fails no save", async () => {
    let connections = 0;
    const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    const server = await startRaw((socket) => {
      connections += 1;
      let served = false;
      socket.on("data", () => {
        // As if it had closed just before the second request arrived.
        if (served) return socket.resetAndDestroy();
        served = true;
        socket.write(answer);
      });
    });
    const pictures = cloudinaryParse({ url: server.url, webhookKey: "k" });
    for (let save = 0; save < 3; save++) {
      await pictures.beforeSave(saving());
      await new Promise(setImmediate);
    }
    assert.equal(connections, 3);
    server.stop();
  });
});

describe("cloudinaryParse", () => {
  const options = (given) => () => cloudinaryParse({ webhookKey: "k", ...given });

  test("does not start without a webhook key", (context) => {
    const saved = process.env.PARSE_SERVER_WEBHOOK_KEY;
    context.after(() => (saved === undefined ? delete process.env.PARSE_SERVER_WEBHOOK_KEY : (process.env.PARSE_SERVER_WEBHOOK_KEY = saved)));
    for (const value of [undefined, "", "  "]) {
      if (value === undefined) delete process.env.PARSE_SERVER_WEBHOOK_KEY;
      else process.env.PARSE_SERVER_WEBHOOK_KEY = value;
      const message = "cloudinaryParse needs Parse Server's webhookKey, as an option or in PARSE_SERVER_WEBHOOK_KEY";
      assert.throws(() => cloudinaryParse(), { name: "TypeError", message });
    }
    process.env.PARSE_SERVER_WEBHOOK_KEY = "from the environment";
    assert.doesNotThrow(() => cloudinaryParse());
  });

  test("expects a URL", () => {
    const message = "cloudinaryParse expects url as an http or https URL without a query";
    for (const url of ["", "127.0.0.1:8080", "ftp://x/", "http://x/?a", "http://x/#a", 5, null]) assert.throws(options({ url }), { message }, String(url));
    for (const url of ["http://x", "https://x/a/b/", "http://user:password@x:1/"]) assert.doesNotThrow(options({ url }));
  });

  test("expects a time in milliseconds", () => {
    const message = "cloudinaryParse expects timeout in milliseconds";
    for (const timeout of [0, -1, NaN, "10s", Infinity, 2 ** 31, null]) assert.throws(options({ timeout }), { message }, String(timeout));
  });
});
