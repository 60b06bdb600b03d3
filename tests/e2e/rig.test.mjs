// The rig itself, without the service: a double that is too kind or too strict would prove nothing.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { run } from "../../scripts/parse-server/processes.mjs";
import { REPOSITORY, startCloudinaryDouble, startParseServer } from "../../scripts/parse-server/stack.mjs";
import { ACCOUNT, cloudinary, identifier, picture, rest, upload } from "./support/rig.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-rig-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("Cloudinary's double", () => {
  let double;
  before(async () => {
    double = await startCloudinaryDouble(folder);
  });
  after(() => double.stop());

  const now = () => Math.floor(Date.now() / 1000);
  const sign = (params, options = {}) => cloudinary.utils.sign_request({ timestamp: now(), ...params }, { ...ACCOUNT, ...options });
  const post = (fields, bytes = picture()) => upload(double.url, ACCOUNT.cloud_name, fields, bytes);

  async function callApi(pathname, fields) {
    const response = await fetch(`${double.url}/v1_1/${ACCOUNT.cloud_name}/${pathname}`, { method: "POST", body: new URLSearchParams(fields) });
    return { status: response.status, json: await response.json() };
  }

  test("answers an upload with a signature that the official SDK verifies", async () => {
    const answer = await post(sign({ folder: "users/ü", public_id: "cat", tags: "a,b", context: "alt=a\\=b|caption=c" }));
    assert.equal(answer.public_id, "users/ü/cat");
    assert.deepEqual([answer.width, answer.height, answer.format], [320, 240, "png"]);
    assert.deepEqual([answer.tags, answer.context], [["a", "b"], { custom: { alt: "a=b", caption: "c" } }]);
    assert.deepEqual([answer.resource_type, answer.type, answer.bytes], ["image", "upload", picture().length]);
    const expected = cloudinary.utils.api_sign_request({ public_id: answer.public_id, version: answer.version }, ACCOUNT.api_secret, "sha1", 1);
    assert.equal(answer.signature, expected);
  });

  test("gives every upload of a public_id a newer version", async () => {
    const versions = [];
    for (let i = 0; i < 3; i++) versions.push((await post(sign({ public_id: "again" }))).version);
    assert.ok(versions[0] < versions[1] && versions[1] < versions[2], `${versions}`);
  });

  const refusals = [
    ["a changed parameter", () => ({ ...sign({ tags: "a" }), tags: "b" }), /^Cloudinary answers 401: Invalid Signature [0-9a-f]{40}\. String to sign - 'tags=b&timestamp=\d+'\.$/],
    ["an added parameter", () => ({ ...sign({}), public_id: "x" }), /^Cloudinary answers 401: Invalid Signature/],
    ["another account's secret", () => sign({}, { api_secret: "other" }), /^Cloudinary answers 401: Invalid Signature/],
    ["another account's key", () => ({ ...sign({}), api_key: "1" }), /^Cloudinary answers 401: Unknown API key 1$/],
    ["a timestamp older than an hour", () => sign({ timestamp: now() - 3601 }), /^Cloudinary answers 400: Stale request - reported time is .* \+0000 which is more than 1 hour ago$/],
    ["no timestamp", () => ({ ...sign({}), timestamp: "" }), /^Cloudinary answers 400: Missing required parameter - timestamp$/],
    ["no signature", () => ({ ...sign({}), signature: "" }), /^Cloudinary answers 400: Missing required parameter - signature$/],
    ["neither key nor preset", () => ({ timestamp: now() }), /^Cloudinary answers 400: Upload preset must be specified when using unsigned upload$/],
    ["a forbidden public_id", () => sign({ public_id: "a#b" }), /^Cloudinary answers 400: public_id \(a#b\) is invalid$/],
    ["another format than allowed", () => sign({ allowed_formats: "jpg,gif" }), /^Cloudinary answers 400: Image file format png not allowed$/],
  ];
  for (const [name, fields, message] of refusals) {
    test(`refuses ${name}`, async () => {
      await assert.rejects(post(fields()), { message });
    });
  }

  test("refuses what is no picture", async () => {
    await assert.rejects(post(sign({}), Buffer.from("hello")), /400: Invalid image file/);
  });

  describe("takes uploads in parts", () => {
    const MB = 1024 * 1024;
    const range = (start, end, total) => ({ "Content-Range": `bytes ${start}-${end}/${total}` });

    async function part(headers, bytes, fields = sign({})) {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append("file", new Blob([bytes]), "film.bin");
      const response = await fetch(`${double.url}/v1_1/${ACCOUNT.cloud_name}/raw/upload`, { method: "POST", body: form, headers });
      return { status: response.status, json: await response.json() };
    }
    const refusal = (status, message) => ({ status, json: { error: { message } } });

    test("as the official SDK sends them", async () => {
      const file = path.join(folder, "film.bin");
      writeFileSync(file, Buffer.alloc(13 * MB, "film"));
      const script = `
        const { v2 } = require("cloudinary");
        v2.uploader.upload_large(process.argv[1], { resource_type: "raw", chunk_size: ${6 * MB}, public_id: "film" }, (error, answer) =>
          console.log(JSON.stringify(error ?? answer)));`;
      const env = { CLOUDINARY_URL: double.cloudinaryUrl };
      const rig = path.join(REPOSITORY, "scripts/parse-server");
      const { stdout, stderr } = await run(process.execPath, ["-e", script, file], { env, cwd: rig });
      assert.equal(JSON.parse(stdout || "{}").bytes, 13 * MB, stdout + stderr);
      assert.match(double.output(), /^part 12582912-13631487\/13631488 of /m);
    });

    test("and answers each but the last that more is awaited", async () => {
      const id = { "X-Unique-Upload-Id": "patient" };
      const first = await part({ ...id, ...range(0, 6 * MB - 1, 6 * MB + 1) }, Buffer.alloc(6 * MB));
      assert.deepEqual(first, { status: 200, json: { done: false, bytes: 6 * MB, kind: "upload", resource_type: "raw" } });
      assert.deepEqual(await part({ ...id, ...range(0, 6 * MB - 1, 6 * MB + 1) }, Buffer.alloc(6 * MB)), first);
      const { status, json } = await part({ ...id, ...range(6 * MB, 6 * MB, 6 * MB + 1) }, Buffer.alloc(1));
      assert.deepEqual([status, json.bytes], [200, 6 * MB + 1]);
    });

    test("and refuses what Cloudinary would", async () => {
      const id = { "X-Unique-Upload-Id": "impatient" };
      const whole = { ...id, ...range(0, 6 * MB - 1, 20 * MB) };
      const six = Buffer.alloc(6 * MB);
      assert.deepEqual(await part(range(0, 6 * MB - 1, 20 * MB), six), refusal(400, "Missing X-Unique-Upload-Id header"));
      for (const wrong of ["0-5/9", "bytes 5-0/9", "bytes 0-9/9", "bytes 0-/9", "bytes */9"]) {
        assert.deepEqual(await part({ ...id, "Content-Range": wrong }, Buffer.alloc(6)), refusal(400, "Invalid Content-Range header"), wrong);
      }
      assert.deepEqual(await part({ ...id, ...range(0, 6 * MB, 20 * MB) }, six), refusal(400, "Content-Range does not match the size of the part"));
      assert.deepEqual(await part({ ...id, ...range(0, MB - 1, 20 * MB) }, Buffer.alloc(MB)), refusal(400, "All parts except EOF-chunk must be larger than 5mb"));
      assert.deepEqual(await part({ ...id, ...range(6 * MB, 12 * MB - 1, 20 * MB) }, six), refusal(400, "Expected a part that begins at 0"));
      assert.equal((await part(whole, six)).status, 200);
      assert.deepEqual(await part({ ...id, ...range(7 * MB, 13 * MB - 1, 20 * MB) }, six), refusal(400, `Expected a part that begins at ${6 * MB}`));
      assert.deepEqual(await part({ ...id, ...range(6 * MB, 12 * MB - 1, 21 * MB) }, six), refusal(400, "The total size differs from the one before"));
      const next = { ...id, ...range(6 * MB, 12 * MB - 1, 20 * MB) };
      assert.deepEqual(await part(next, six, sign({ tags: "other" })), refusal(400, "The parameters of a part differ from those of the first one"));
      assert.equal((await part(next, six, { ...sign({}), signature: "0" })).status, 401);
    });

    test("and preflights", async () => {
      const { status, headers } = await fetch(`${double.url}/v1_1/${ACCOUNT.cloud_name}/raw/upload`, { method: "OPTIONS" });
      assert.equal(status, 200);
      assert.equal(headers.get("access-control-allow-origin"), "*");
      assert.match(headers.get("access-control-allow-headers"), /\bContent-Range\b.*\bX-Unique-Upload-Id\b/);
    });
  });

  test("serves a picture plain, transformed and signed, and refuses nonsense", async () => {
    const { secure_url, version, public_id } = await post(sign({ folder: "shown", public_id: "cat" }));
    const signed = cloudinary.url(public_id, { ...ACCOUNT, secure: true, sign_url: true, version, format: "png", width: 10, crop: "fill", urlAnalytics: false });
    const signedHere = signed.replace("https://res.cloudinary.com", double.url);
    const statuses = {
      [secure_url]: 200,
      [secure_url.replace("/upload/", "/upload/c_fill,w_10/e_sepia/")]: 200,
      [signedHere]: 200,
      [signedHere.replace("w_10", "w_11")]: 401,
      [secure_url.replace("/upload/", "/upload/nonsense/")]: 400,
      [secure_url.replace("cat", "dog")]: 404,
    };
    for (const [url, status] of Object.entries(statuses)) assert.equal((await fetch(url)).status, status, url);
  });

  test("shows an authenticated picture to signed URLs alone", async () => {
    const { secure_url, version, public_id } = await post(sign({ type: "authenticated", public_id: "private cat" }));
    assert.equal((await fetch(secure_url)).status, 401);
    const signed = cloudinary.url(public_id, { ...ACCOUNT, secure: true, sign_url: true, type: "authenticated", version, format: "png", urlAnalytics: false });
    assert.equal((await fetch(signed.replace("https://res.cloudinary.com", double.url))).status, 200);
  });

  test("destroys on a signed request alone, once", async () => {
    const { secure_url } = await post(sign({ public_id: "doomed" }));
    const unsigned = await callApi("image/destroy", { public_id: "doomed", timestamp: now(), api_key: ACCOUNT.api_key, signature: "0" });
    assert.equal(unsigned.status, 401);
    assert.deepEqual(await callApi("image/destroy", sign({ public_id: "doomed" })), { status: 200, json: { result: "ok" } });
    assert.deepEqual(await callApi("image/destroy", sign({ public_id: "doomed" })), { status: 200, json: { result: "not found" } });
    assert.equal((await fetch(secure_url)).status, 404);
  });

  test("describes a stored picture to whoever has the account's key", async () => {
    const uploaded = await post(sign({ public_id: "described" }));
    const url = `${double.url}/v1_1/${ACCOUNT.cloud_name}/resources/image/upload/described`;
    assert.equal((await fetch(url)).status, 401);
    const headers = { Authorization: `Basic ${btoa(`${ACCOUNT.api_key}:${ACCOUNT.api_secret}`)}` };
    const { signature, api_key, ...described } = uploaded;
    assert.deepEqual(await (await fetch(url, { headers })).json(), described);
    assert.deepEqual(await (await fetch(`${url}-not`, { headers })).json(), { error: { message: "Resource not found - described-not" } });
  });

  describe("answers as recorded in tests/fixtures/cloudinary:", () => {
    const recorded = (name) => JSON.parse(readFileSync(path.join(REPOSITORY, "tests/fixtures/cloudinary", name)));
    /** Each key with the type of its value. */
    const shape = (answer) => Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, Array.isArray(value) ? "array" : typeof value]).sort());
    const raw = async (fields) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(sign(fields))) form.append(name, value);
      form.append("file", new Blob(["a,b"]), "sheet.xls");
      return (await fetch(`${double.url}/v1_1/${ACCOUNT.cloud_name}/raw/upload`, { method: "POST", body: form })).json();
    };

    test("an upload of a picture", async () => {
      assert.deepEqual(shape(await post(sign({ eager: "c_pad,h_300,w_400" }))), shape(recorded("upload-image.json")));
    });

    test("an upload of a raw file", async () => {
      const answer = await raw({ public_id: "sample_spreadsheet.xls" });
      const known = recorded("upload-raw.json");
      assert.deepEqual([answer.public_id, shape(answer)], [known.public_id, shape(known)]);
    });

    test("an upload of a raw file into a folder, which keeps its extension", async () => {
      const known = recorded("upload-raw-in-folder-2021.partial.json");
      const [folderName, name] = known.public_id.split("/");
      const answer = await raw({ folder: folderName, public_id: name });
      assert.equal(answer.public_id, known.public_id);
      const [all, some] = [shape(answer), shape(known)];
      assert.deepEqual(Object.fromEntries(Object.keys(some).map((key) => [key, all[key]])), some);
    });

    test("an asynchronous upload, a part, and a destruction", async () => {
      const { upload_async, destroy } = recorded("described-shapes.json");
      assert.deepEqual(shape(await post(sign({ async: "1" }))), shape(upload_async));
      await post(sign({ public_id: "described" }));
      const calls = [await callApi("image/destroy", sign({ public_id: "described" })), await callApi("image/destroy", sign({ public_id: "described" }))];
      assert.deepEqual(calls.map(({ json }) => json), destroy);
    });

    test("refusals, in status and words", async () => {
      const [forged, stale] = recorded("errors.json");
      const words = ({ status, body }) => `${status} ${body.error.message}`.replace(/[0-9a-f]{40}/, "HEX").replace(/- '.*'/, "- '…'").replace(/\d{4}-.* \+0000/, "TIME");
      const refusal = async (fields) => words(await callApi("image/destroy", fields).then(({ status, json }) => ({ status, body: json })));
      assert.equal(await refusal({ ...sign({ public_id: "a" }), public_id: "b" }), words(forged));
      assert.equal(await refusal(sign({ public_id: "a", timestamp: now() - 7200 })), words(stale));
    });
  });

  test("makes identifiers of its answers", () => {
    const answer = { resource_type: "image", type: "upload", version: 7, public_id: "a/b", format: "jpg", signature: "s" };
    assert.equal(identifier(answer), "image/upload/v7/a/b.jpg#s");
  });
});

describe("Parse Server", () => {
  test("keeps its rows and hooks in a folder over a restart", async () => {
    const database = path.join(folder, "database");
    const hook = { className: "Thing", triggerName: "afterSave", url: "http://127.0.0.1:9/" };
    const first = await startParseServer(folder, { database });
    assert.equal((await rest(first.url, "POST", "/hooks/triggers", { master: true, body: hook })).status, 200);
    assert.equal(await first.stop(), 0, first.output());
    const second = await startParseServer(folder, { database });
    assert.deepEqual((await rest(second.url, "GET", "/hooks/triggers", { master: true })).json, [hook]);
    assert.equal(await second.stop(), 0, second.output());
  });
});
