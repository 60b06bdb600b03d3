// docs/tls.md, step by step: Parse Server calls the service over https, with a certificate of one's own authority.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { assertRefused, bare, count, create, mintIdentifier, row, useStack } from "./support/rig.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-tls-"));
const openssl = (...args) => execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

openssl("req", "-x509", ...KEY, "-keyout", "ca-key.pem", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=my own authority");
issue();

/** Has the authority sign a new certificate for 127.0.0.1. */
function issue() {
  openssl("req", ...KEY, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=cloudinary-parse");
  writeFileSync(path.join(folder, "names.txt"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  const authority = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"];
  openssl("x509", "-req", "-in", "request.pem", ...authority, "-days", "90", "-extfile", "names.txt", "-out", "cert.pem");
}

const file = (name) => path.join(folder, name);
const OPTIONS = {
  manifests: { "Note.toml": 'class = "Note"\n[fields.picture]\n' },
  classes: { Note: { picture: "String" } },
  env: {
    CLOUDINARY_PARSE_TLS_CERT: file("cert.pem"),
    CLOUDINARY_PARSE_TLS_KEY: file("key.pem"),
    // What `register` and `health` trust.
    SSL_CERT_FILE: file("ca.pem"),
  },
};

/** The serial number of the certificate that the service shows. */
function serialNumber(stack) {
  const { hostname: host, port } = new URL(stack.service.url);
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host, port, rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw).serialNumber);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

async function saves(stack) {
  const signed = mintIdentifier("cat");
  const id = await create(stack, "Note", { picture: signed });
  assert.equal((await row(stack, "Note", id)).picture, bare(signed));
}

describe("a Parse Server that trusts the authority", () => {
  const stack = useStack({ ...OPTIONS, parseServer: { env: { NODE_EXTRA_CA_CERTS: file("ca.pem") } } });

  test("saves and is refused over https", async () => {
    assert.match(stack.service.url, /^https:/);
    await saves(stack);
    const forged = bare(mintIdentifier("cat"));
    assertRefused(await stack.rest("POST", "/classes/Note", { body: { picture: forged }, master: true }), "Bad signature");
  });

  test("is registered without a warning about the certificate", async () => {
    const { code, stderr } = await stack.cli(["register"]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /certificate|does not answer/);
  });

  test("goes on saving when the certificate is renewed", async () => {
    const old = await serialNumber(stack);
    issue();
    for (let tries = 0; (await serialNumber(stack)) === old; tries++) {
      assert.ok(tries < 150, "the new certificate is not served");
      await saves(stack);
      await sleep(100);
    }
    await saves(stack);
  });
});

describe("a Parse Server that does not trust the authority", () => {
  const stack = useStack({ ...OPTIONS, register: ["--no-probe"] });
  before(() => assert.match(stack.service.url, /^https:/));

  test("refuses every save of the class", async () => {
    const answer = await stack.rest("POST", "/classes/Note", { body: { picture: mintIdentifier("cat") }, master: true });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.json.code, 141);
    assert.match(answer.json.error, /certificate/);
    assert.equal(await count(stack, "Note"), 0);
  });
});
