// `cloudinary-parse/client` in Node.js: against a real Parse Server, the service, and Cloudinary's double.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { cloudinary, Parse, picture, rest, useParseServer } from "../../scripts/parse-server/client.mjs";
import { ACCOUNT, startStack } from "../../scripts/parse-server/stack.mjs";
import { startServerThat } from "../e2e/support/tampering-proxy.mjs";
import { startFaultyCloudinary } from "./support/faulty-cloudinary.mjs";

const require = createRequire(import.meta.url);
const { uploadPicture, signForWidget } = require("../../npm/cloudinary-parse/client.js");
const { signError } = require("../../npm/cloudinary-parse/lib/errors.js");

const UNAVAILABLE = "Uploads cannot be signed at present. Please try again later.";
const SIGN = 'action = "sign_upload"\naccess = "public"\nresponse = "request"\n';
const MANIFESTS = {
  "sign.toml": `function = "sign"\n${SIGN}[upload]\nfolder = "from the client"\ntags = "a,b"\n[accept]\npublic_id = true\n`,
  "sign_video.toml": `function = "sign_video"\n${SIGN}resource_type = "video"\n`,
  "sign_for_users.toml": 'function = "sign_for_users"\naction = "sign_upload"\n',
  "Photo.toml": 'class = "Photo"\n[fields.file]\nresource_types = ["image", "video", "raw"]\n',
};
const MB = 1_000_000;

/** A picture followed by as many zeros as it takes. */
function largePicture(bytes) {
  const file = Buffer.alloc(bytes);
  picture().copy(file);
  return file;
}

/** Only counts: what is asked of Parse Server is asked of a real one. */
function counted() {
  const runs = [];
  const run = (...call) => {
    runs.push(call);
    return Parse.Cloud.run(...call);
  };
  return { runs, Cloud: { run } };
}

async function failure(promise) {
  const error = await promise.then(() => assert.fail("it succeeded"), (error) => error);
  const { name, message, reason, canRetry, code, status } = error;
  return { name, message, reason, canRetry, ...(code && { code }), ...(status && { status }) };
}

describe("uploadPicture in Node.js", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-client-"));
  let double;
  let stack;

  before(async () => {
    double = await startFaultyCloudinary(folder);
    stack = await startStack({ manifests: MANIFESTS, cloudinaryUrl: double.cloudinaryUrl, folder });
    useParseServer(stack.parseServer.url);
    await new Parse.Schema("Photo").addString("file").save();
  });
  after(async () => {
    await stack?.stop();
    await double?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    double.calls.length = double.faults.length = 0;
  });

  const upload = (file = picture(), options = {}, sdk = Parse) => uploadPicture(sdk, file, { function: "sign", ...options });

  async function assertSaved({ identifier, signed, response }) {
    const { public_id, version } = response;
    const signature = cloudinary.utils.api_sign_request({ public_id, version }, ACCOUNT.api_secret, "sha1", 1);
    assert.equal(signed, `${identifier}#${signature}`);
    const photo = await new Parse.Object("Photo").save({ file: signed });
    const { json } = await rest(stack.parseServer.url, "GET", `/classes/Photo/${photo.id}`, { master: true });
    assert.equal(json.file, identifier);
  }

  test("answers what a guarded field takes, and what it then holds", async () => {
    const uploaded = await upload(new Blob([picture()], { type: "image/png" }), { params: { public_id: "cat" } });
    const { version } = uploaded.response;
    assert.equal(uploaded.identifier, `image/upload/v${version}/from the client/cat.png`);
    assert.deepEqual(uploaded.response.tags, ["a", "b"]);
    await assertSaved(uploaded);
  });

  for (const [kind, file] of [["Buffer", picture()], ["Uint8Array", new Uint8Array(picture())], ["ArrayBuffer", new Uint8Array(picture()).buffer]]) {
    test(`takes a file as ${kind}`, async () => assertSaved(await upload(file)));
  }

  test("keeps a raw file's extension in the public_id, once", async () => {
    const { File } = require("node:buffer");
    const uploaded = await upload(new File(["hello"], "notes.tar.gz"));
    assert.match(uploaded.identifier, /^raw\/upload\/v\d+\/from the client\/[a-z0-9]+\.gz$/);
    assert.equal(uploaded.identifier.endsWith(`/${uploaded.response.public_id}`), true);
    await assertSaved(uploaded);
  });

  test("appends a video's format", async () => {
    const uploaded = await upload(Buffer.from("not really a video"), { function: "sign_video" });
    assert.match(uploaded.identifier, /^video\/upload\/v\d+\/[a-z0-9]+\.mp4$/);
    await assertSaved(uploaded);
  });

  test("sends a large file in parts under one id and the same signed fields, and tells how far it is", async () => {
    const fractions = [];
    const sdk = counted();
    const uploaded = await upload(largePicture(45 * MB + 1), { onProgress: (fraction) => fractions.push(fraction) }, sdk);
    assert.equal(uploaded.response.bytes, 45 * MB + 1);
    assert.deepEqual(double.calls.map((headers) => headers["content-range"]), [
      "bytes 0-19999999/45000001",
      "bytes 20000000-39999999/45000001",
      "bytes 40000000-45000000/45000001",
    ]);
    assert.equal(new Set(double.calls.map((headers) => headers["x-unique-upload-id"])).size, 1);
    const parts = [...double.output().matchAll(/^part .* signed at (\d+)$/gm)];
    assert.deepEqual([parts.length, new Set(parts.map(([, timestamp]) => timestamp)).size, sdk.runs.length], [3, 1, 1]);
    assert.deepEqual(fractions.map((fraction) => Math.round(fraction * 45)), [20, 40, 45]);
    assert.equal(fractions.at(-1), 1);
    await assertSaved(uploaded);
  });

  test("sends a file of one part's size whole", async () => {
    await upload(largePicture(20 * MB));
    assert.deepEqual(double.calls.map((headers) => [headers["content-range"], headers["x-unique-upload-id"]]), [[undefined, undefined]]);
  });

  describe("tries again", () => {
    const passing = {
      "after a connection that broke": { reset: true },
      "after a lost answer": { lost: true },
      "after a 503": { status: 503, body: "<html>" },
      "after a 420": { status: 420, body: { error: { message: "Rate Limit Exceeded" } } },
      "after a 429": { status: 429, body: { error: { message: "Too many requests" } } },
    };
    for (const [name, fault] of Object.entries(passing)) {
      test(name, async () => {
        double.faults.push(fault);
        await assertSaved(await upload());
        assert.equal(double.calls.length, 2);
      });
    }

    test("with a part alone", async () => {
      double.faults.push({}, { reset: true }, {}, {});
      await assertSaved(await upload(largePicture(45 * MB)));
      const starts = double.calls.map((headers) => headers["content-range"].match(/\d+/)[0]);
      assert.deepEqual(starts, ["0", "20000000", "20000000", "40000000"]);
    });

    test("with a part whose answer was lost", async () => {
      double.faults.push({ lost: true });
      await assertSaved(await upload(largePicture(25 * MB)));
      const starts = double.calls.map((headers) => headers["content-range"].match(/\d+/)[0]);
      assert.deepEqual(starts, ["0", "0", "20000000"]);
    });

    test("from the start, under another id, after the last part's answer was lost", async () => {
      double.faults.push({}, { lost: true });
      await assertSaved(await upload(largePicture(25 * MB)));
      const calls = double.calls.map((headers) => headers["content-range"].match(/\d+/)[0]);
      assert.deepEqual(calls, ["0", "20000000", "20000000", "0", "20000000"]);
      assert.equal(new Set(double.calls.map((headers) => headers["x-unique-upload-id"])).size, 2);
    });

    test("with another signature after Cloudinary called the first one stale, once", async () => {
      const stale = { status: 400, body: { error: { message: "Stale request - reported time is 2026-01-01 00:00:00 +0000 which is more than 1 hour ago" } } };
      const sdk = counted();
      double.faults.push(stale);
      await assertSaved(await upload(picture(), {}, sdk));
      assert.equal(sdk.runs.length, 2);
      double.faults.push(stale, stale);
      const { message, reason } = await failure(upload());
      assert.deepEqual([message, reason], [stale.body.error.message, "refused"]);
    });

    test("four times in all", async () => {
      double.faults.push(...Array(4).fill({ reset: true }));
      const expected = { name: "UploadError", message: "No connection to Cloudinary", reason: "connection", canRetry: true };
      assert.deepEqual(await failure(upload()), expected);
      assert.equal(double.calls.length, 4);
    });
  });

  describe("does not try again", () => {
    test("what Cloudinary refuses", async () => {
      for (const [status, message] of [[400, "Invalid image file"], [401, "Invalid Signature 0. String to sign - 'a=b'."], [403, "No permission"]]) {
        double.calls.length = 0;
        double.faults.push({ status, body: { error: { message } } });
        assert.deepEqual(await failure(upload()), { name: "UploadError", message, reason: "refused", canRetry: false, status });
        assert.equal(double.calls.length, 1);
      }
    });

    test("a refusal without words", async () => {
      double.faults.push({ status: 413, body: "<html>" });
      assert.deepEqual(await failure(upload()), { name: "UploadError", message: "Cloudinary answered 413", reason: "refused", canRetry: false, status: 413 });
    });

    test("what the service refuses", async () => {
      const refusals = [
        [{ function: "sign_for_users" }, "Needs an authenticated user"],
        [{ params: { tags: "c" } }, /^tags: expected/],
        [{ function: "no such function" }, 'Invalid function: "no such function"'],
      ];
      for (const [options, message] of refusals) {
        const sdk = counted();
        const error = await failure(upload(picture(), options, sdk));
        if (typeof message === "string") assert.equal(error.message, message);
        assert.deepEqual([error.reason, error.canRetry, error.code, sdk.runs.length], ["refused", false, 141, 1], error.message);
      }
      assert.equal(double.calls.length, 0);
    });
  });

  describe("takes no answer but a whole one", () => {
    const good = {
      public_id: "a/b",
      version: 7,
      signature: "0".repeat(40),
      resource_type: "image",
      type: "upload",
      format: "jpg",
    };
    const odd = {
      public_id: ["", 5, null, "a#b", "a?b"],
      version: ["7", 0, 1.5, null],
      signature: ["", "0".repeat(39), "G".repeat(40), null],
      resource_type: ["auto", "IMAGE", null],
      type: ["", "up/load", null],
      format: ["j/pg", "j#pg", 5.5],
    };
    for (const [key, values] of Object.entries(odd)) {
      test(`with an odd ${key}`, async () => {
        for (const value of values) {
          double.faults.push({ status: 200, body: { ...good, [key]: value } });
          const message = `Cloudinary's answer cannot be saved: expected another ${key}`;
          assert.deepEqual(await failure(upload()), { name: "UploadError", message, reason: "unusable", canRetry: false }, JSON.stringify(value));
        }
      });
    }

    test("with a dot in a public_id that has no format: another would be read", async () => {
      double.faults.push({ status: 200, body: { ...good, public_id: "a.b", format: undefined } });
      assert.equal((await failure(upload())).message, "Cloudinary's answer cannot be saved: expected another format");
      double.faults.push({ status: 200, body: { ...good, public_id: "a.b/c", format: undefined } });
      assert.equal((await upload()).identifier, "image/upload/v7/a.b/c");
    });

    test("that is JSON", async () => {
      for (const body of ["<html>log in to the hotel's network</html>", "", '"text"', "null", '{"public_id"']) {
        double.faults.push({ status: 200, body });
        assert.deepEqual(await failure(upload()), { name: "UploadError", message: "Cloudinary's answer is not JSON", reason: "unusable", canRetry: false });
      }
    });

    test("that says of a part that more is awaited", async () => {
      double.faults.push({ status: 200, body: good });
      assert.equal((await failure(upload(largePicture(25 * MB)))).message, "Cloudinary did not answer that it waits for the next part");
    });
  });

  describe("aborts", () => {
    test("before anything is asked", async () => {
      const sdk = counted();
      await assert.rejects(upload(picture(), { signal: AbortSignal.abort() }, sdk), { name: "AbortError" });
      assert.equal(sdk.runs.length, 0);
    });

    test("while it is signed", async () => {
      const controller = new AbortController();
      const sdk = { Cloud: { run: () => new Promise(() => controller.abort(new Error("no longer wanted"))) } };
      await assert.rejects(upload(picture(), { signal: controller.signal }, sdk), { message: "no longer wanted" });
    });

    test("while it is sent, with whatever reason", async () => {
      const controller = new AbortController();
      double.faults.push({}, { hang: () => controller.abort("a text") });
      const reason = await upload(largePicture(45 * MB), { signal: controller.signal }).catch((reason) => reason);
      assert.deepEqual([reason, double.calls.length], ["a text", 2]);
    });

    test("between two tries", async () => {
      const controller = new AbortController();
      const sdk = {
        Cloud: {
          run: () => {
            setImmediate(() => controller.abort());
            throw new Parse.Error(100, "no connection");
          },
        },
      };
      await assert.rejects(upload(picture(), { signal: controller.signal }, sdk), { name: "AbortError" });
    });
  });

  describe("tells what stands in the service's place from a refusal", () => {
    let place;
    const nameOf = (answer) => answer.replaceAll(/\W/g, "_");
    const answers = {
      "a 503": [({ response }) => response.writeHead(503).end("{}"), true],
      "a 502 with HTML": [({ response }) => response.writeHead(502, { "Content-Type": "text/html" }).end("<html>"), true],
      "another webhook key's 401": [({ response }) => response.writeHead(401, { "Content-Type": "application/json" }).end('{"error":"unauthorized"}'), false],
      "a 404": [({ response }) => response.writeHead(404).end(), false],
      "a connection that is cut": [({ request }) => request.socket.destroy(), true],
      "no HTTP": [({ request }) => request.socket.end("220 mail.example ESMTP\r\n"), true],
      // Parse Server takes these two for an answer of nothing.
      "a page of HTML with 200": [({ response }) => response.writeHead(200, { "Content-Type": "text/html" }).end("<html>")],
      "an empty answer": [({ response }) => response.writeHead(204).end()],
    };
    before(async () => {
      place = await startServerThat((request, response) => answers[decodeURIComponent(request.url.slice(1))][0]({ request, response }));
      for (const name of Object.keys(answers)) {
        const body = { functionName: nameOf(name), url: `${place.url}/${encodeURIComponent(name)}` };
        const { status, text } = await rest(stack.parseServer.url, "POST", "/hooks/functions", { master: true, body });
        assert.equal(status, 200, text);
      }
    });
    after(() => place.stop());

    for (const [name, [, canRetry]] of Object.entries(answers)) {
      test(name, async () => {
        const functionName = nameOf(name);
        const error = await failure(upload(picture(), { function: functionName }));
        const nothing = [`The function ${functionName} did not answer the fields of a signed upload`, "unusable", false];
        const expected = canRetry === undefined ? nothing : [UNAVAILABLE, "unavailable", canRetry];
        assert.deepEqual([error.message, error.reason, error.canRetry], expected);
      });
    }
  });

  describe("without the service", () => {
    before(() => stack.service.stop());

    test("says so, and neither calls it a refusal nor names an address", async () => {
      const sdk = counted();
      const error = await failure(upload(picture(), {}, sdk));
      assert.deepEqual(error, { name: "UploadError", message: UNAVAILABLE, reason: "unavailable", canRetry: true, code: 141 });
      assert.equal(sdk.runs.length, 4);
    });
  });
});

describe("uploadPicture", () => {
  const fields = { timestamp: 1, signature: "0".repeat(40), api_key: "1" };
  const signing = (answer) => ({ Cloud: { run: async () => answer } });

  test("takes a file, and no empty one", async () => {
    for (const file of [undefined, null, "photo.jpg", {}, [], { uri: "file:///photo.jpg", type: "image/jpeg", name: "photo.jpg" }]) {
      const message = "uploadPicture expects a File, a Blob, a Buffer, or in React Native { uri, type, name }";
      await assert.rejects(uploadPicture(signing(fields), file), { name: "TypeError", message });
    }
    for (const file of [new Blob([]), Buffer.alloc(0)]) {
      await assert.rejects(uploadPicture(signing(fields), file), { name: "TypeError", message: "uploadPicture expects a file that is not empty" });
    }
  });

  test("asks for a cloud name where the function tells no URL", async () => {
    await assert.rejects(uploadPicture(signing(fields), picture()), {
      name: "TypeError",
      message: 'uploadPicture needs cloudName: the function sign_cloudinary_upload_request tells no URL (its manifest lacks response = "request")',
    });
  });

  test("posts to Cloudinary under the cloud name", async (context) => {
    const fetch = context.mock.method(globalThis, "fetch", async () => new Response('{"error":{"message":"seen"}}', { status: 400 }));
    await assert.rejects(uploadPicture(signing(fields), picture(), { cloudName: "my cloud" }), { message: "seen" });
    const [url, { body, headers }] = fetch.mock.calls[0].arguments;
    assert.equal(url, "https://api.cloudinary.com/v1_1/my%20cloud/auto/upload");
    assert.deepEqual([[...body.keys()], body.get("timestamp"), headers], [["timestamp", "signature", "api_key", "file"], "1", {}]);
  });

  test("posts nothing but the fields of a signed upload", async () => {
    const odd = [undefined, null, "text", {}, { ...fields, signature: undefined }, { ...fields, timestamp: 0 }, { ...fields, api_key: "" }, { url: "http://x/", fields: {} }];
    for (const answer of odd) {
      const message = "The function sign_cloudinary_upload_request did not answer the fields of a signed upload";
      await assert.rejects(uploadPicture(signing(answer), picture(), { cloudName: "x" }), { name: "UploadError", reason: "unusable", message });
    }
  });

  test("hands React Native's files to its FormData as they are", async (context) => {
    const appended = [];
    class XMLHttpRequest {
      upload = {};
      open(...call) {
        this.opened = call;
      }
      send() {
        this.upload.onprogress({ loaded: 5, total: 10 });
        this.upload.onload();
        Object.assign(this, { status: 200, responseText: JSON.stringify({ ...fields, public_id: "cat", version: 7, resource_type: "image", type: "upload", format: "jpg" }) });
        this.onload();
      }
    }
    class FormData {
      append(...call) {
        appended.push(call);
      }
    }
    const ours = { navigator: { product: "ReactNative" }, XMLHttpRequest, FormData };
    const before = Object.keys(ours).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
    context.after(() => before.forEach(([name, property]) => (property ? Object.defineProperty(globalThis, name, property) : delete globalThis[name])));
    for (const [name, value] of Object.entries(ours)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

    const fractions = [];
    const file = { uri: "file:///photo.jpg", type: "image/jpeg", name: "photo.jpg", width: 10 };
    const { signed } = await uploadPicture(signing(fields), file, { cloudName: "x", onProgress: (fraction) => fractions.push(fraction) });
    assert.equal(signed, `image/upload/v7/cat.jpg#${fields.signature}`);
    assert.deepEqual(appended.at(-1), ["file", { uri: "file:///photo.jpg", type: "image/jpeg", name: "photo.jpg" }]);
    assert.deepEqual(fractions, [0.5, 1]);
  });
});

describe("signError", () => {
  const error = (message, code = 141) => signError(new Parse.Error(code, message));
  const about = ({ message, reason, canRetry }) => [message, reason, canRetry];

  test("tells outages of the service from refusals", () => {
    const outages = [
      "connect ECONNREFUSED 127.0.0.1:8080",
      "connect ETIMEDOUT 10.0.0.1:443",
      "connect EHOSTUNREACH 10.0.0.1:443 - Local (10.0.0.2:4000)",
      "getaddrinfo ENOTFOUND cloudinary-parse",
      "getaddrinfo EAI_AGAIN cloudinary-parse",
      "read ECONNRESET",
      "write EPIPE",
      "socket hang up",
      "Malformed response",
      "Client network socket disconnected before secure TLS connection was established",
      { status: 503, headers: {}, text: '{"error":"time limit"}', data: {} },
      { status: 500 },
      { error: "Malformed response", code: -1, partialResponse: "<html>" },
      { status: 429 },
      '{"status":502,"headers":{},"text":"<html>"}',
    ];
    for (const message of outages) assert.deepEqual(about(error(message)), [UNAVAILABLE, "unavailable", true], JSON.stringify(message));
  });

  test("knows what will not be over soon", () => {
    const broken = [
      "self-signed certificate",
      "self signed certificate in certificate chain",
      "unable to verify the first certificate",
      "unable to get local issuer certificate",
      "certificate has expired",
      "Hostname/IP does not match certificate's altnames: Host: a. is not in the cert's altnames: DNS:b",
      { status: 401 },
      { status: 404 },
    ];
    for (const message of broken) assert.deepEqual(about(error(message)), [UNAVAILABLE, "unavailable", false], JSON.stringify(message));
  });

  test("leaves refusals their words", () => {
    const refusals = [
      "Needs an authenticated user",
      "certificate: expected one of passport, licence",
      "Photo.certificate: expected an identifier",
      "sign: too many requests, try again in 12 s",
      "public_id: socket hang up",
      "Request body larger than maxBodyLength limit",
      '{"status": not JSON',
      "connect",
    ];
    for (const message of refusals) assert.deepEqual(about(error(message)), [message, "refused", false]);
    assert.deepEqual(about(error("Invalid session token", 209)), ["Invalid session token", "refused", false]);
    assert.deepEqual(about(error("connect ECONNREFUSED 127.0.0.1:8080", 142)), ["connect ECONNREFUSED 127.0.0.1:8080", "refused", false]);
  });

  test("tells Parse Server's own troubles apart", () => {
    for (const code of [1, 100, 124]) assert.deepEqual(about(error("any text", code)), ["No connection to Parse Server", "connection", true]);
  });

  test("passes on what is no error of Parse Server's", () => {
    const bug = new TypeError("Parse.Cloud is undefined");
    assert.equal(signError(bug), bug);
    assert.equal(signError(undefined), undefined);
  });
});

describe("signForWidget", () => {
  const signature = "0".repeat(40);
  const called = async (run) => {
    const answers = [];
    await signForWidget({ Cloud: { run } }, "sign_widget")((answer) => answers.push(answer), { timestamp: 1, source: "uw" });
    return answers;
  };

  test("has exactly the widget's parameters signed", async () => {
    const calls = [];
    const run = async (...call) => {
      calls.push(call);
      return { signature, api_key: "1", timestamp: 1 };
    };
    assert.deepEqual(await called(run), [signature]);
    assert.deepEqual(calls, [["sign_widget", { timestamp: 1, source: "uw" }]]);
  });

  test("answers the reason where there is no signature: the widget would wait for ever", async () => {
    const refuse = async () => {
      throw new Parse.Error(141, "tags: expected user-1");
    };
    assert.deepEqual(await called(refuse), ["tags: expected user-1"]);
    assert.deepEqual(await called(async () => ({ signature: "" })), ["The function sign_widget answered no signature"]);
  });
});
