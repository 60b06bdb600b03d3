// A Date that is none ends the Parse Server process as soon as its class has a webhook, and deploy/nginx/parse-server-dates.conf keeps such
// saves away.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { freePort, startServer } from "../../scripts/parse-server/processes.mjs";
import { PARSE, REPOSITORY } from "../../scripts/parse-server/stack.mjs";
import { useStack } from "./support/rig.mjs";

const hasNginx = (() => {
  try {
    execFileSync("nginx", ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** Starts nginx with the rule that is shipped, on other ports; its URL. */
async function startNginx(folder, parseServerUrl) {
  const [outer, inner] = [await freePort(), await freePort()];
  const rule = readFileSync(path.join(REPOSITORY, "deploy/nginx/parse-server-dates.conf"), "utf8")
    .replaceAll("127.0.0.1:1336", `127.0.0.1:${outer}`)
    .replaceAll("127.0.0.1:1335", `127.0.0.1:${inner}`)
    .replaceAll("127.0.0.1:1337", new URL(parseServerUrl).host);
  writeFileSync(path.join(folder, "dates.conf"), rule);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
  const configuration = path.join(folder, "nginx.conf");
  writeFileSync(
    configuration,
    [
      ...(process.getuid() === 0 ? ["user root;"] : []),
      `worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx-error.log; events {}`,
      `http { access_log off; ${paths.join(" ")} include ${folder}/dates.conf; }`,
    ].join("\n"),
  );
  const nginx = await startServer({
    name: "nginx",
    command: "nginx",
    args: ["-c", configuration, "-p", folder, "-e", path.join(folder, "nginx-error.log"), "-g", "daemon off;"],
    ready: [],
    logFile: path.join(folder, "nginx.log"),
    env: {},
  });
  const url = `http://127.0.0.1:${outer}${new URL(parseServerUrl).pathname}`;
  for (let tries = 0; ; tries++) {
    if (await fetch(`${url}/health`).catch(() => null)) return { ...nginx, url };
    assert.ok(tries < 200 && nginx.isRunning(), nginx.output());
    await sleep(50);
  }
}

async function save(url, body, headers) {
  const answer = await fetch(`${url}/classes/Photo`, {
    method: "POST",
    headers: { "X-Parse-Application-Id": PARSE.appId, "Content-Type": "application/json", ...headers },
    body,
  });
  return { status: answer.status, text: await answer.text() };
}

const GOOD = "2026-01-31T23:59:59.000Z";
const date = (iso) => `{"__type":"Date","iso":${iso}}`;
const DEADLY = `{"x":${date('"garbage"')}}`;

describe("a Date that is none", { skip: !hasNginx && "nginx is not installed" }, () => {
  let nginx;
  const stack = useStack({
    manifests: { "Photo.toml": 'class = "Photo"\n[fields.picture]\n' },
    classes: { Photo: { picture: "String", x: "Date", y: "Object", z: "Array", title: "String" } },
    prepare: async () => (nginx = await startNginx(stack.folder, stack.parseServer.url)),
  });

  test("does not get past the rule, however it is written", async () => {
    for (const body of [
      DEADLY,
      `{"x":{"__type":"Date"}}`,
      ...['""', "{}", '"2026-13-01T00:00:00.000Z"', '"2026-01-01T25:00:00.000Z"', "null", '"2026-01-01"'].map((iso) => `{"x":${date(iso)}}`),
      `{"y":{"a":${date('"garbage"')}}}`,
      `{"z":[${date(`"${GOOD}"`)},${date('"garbage"')}]}`,
      `{"z":{"__op":"Add","objects":[${date('"garbage"')}]}}`,
      `{"x":{ "iso" : "garbage" ,\n"__type" : "Date" }}`,
      `{"x":{"__type":"Date","iso":"${GOOD}","iso":"garbage"}}`,
      `{"x":{"__t\\u0079pe":"D\\u0061te","iso":"garbage"}}`,
    ]) {
      assert.deepEqual(await save(nginx.url, body), { status: 400, text: '{"code":107,"error":"not a date"}' }, body);
    }
    for (const [body, headers] of [
      [gzipSync(DEADLY), { "Content-Encoding": "gzip" }],
      [Buffer.from(DEADLY, "utf16le"), { "Content-Type": "application/json; charset=utf-16le" }],
      [DEADLY, { "Content-Type": "application/json; charset=utf-7" }],
    ]) {
      assert.equal((await save(nginx.url, body, headers)).status, 415, JSON.stringify(headers));
    }
    assert.ok(stack.parseServer.isRunning());
  });

  test("is told from what apps save", async () => {
    const long = "x".repeat(2_000_000);
    for (const body of [
      `{"x":${date(`"${GOOD}"`)}}`,
      `{"x":{"iso":"${GOOD}","__type":"Date"},"y":{"a":[${date('"2026-01-01T00:00:00Z"')}]}}`,
      `{"title":"Date \\u003cb\\u003e \\u00e9 \\u732b \\\\u0041 {\\"__type\\":\\"Date\\"}"}`,
      `{"title":"${long}"}`,
    ]) {
      const { status, text } = await save(nginx.url, body, { "Content-Type": "application/json; charset=utf-8" });
      assert.equal(status, 201, `${body.slice(0, 100)}: ${text}`);
    }
    const behind = `{"title":"${long}","x":${date('"garbage"')}}`;
    assert.equal((await save(nginx.url, behind)).status, 400);
    // A client cannot take the verdict away.
    assert.equal((await save(nginx.url, DEADLY, { "X-Odd-Date": "" })).status, 400);
    assert.ok(stack.parseServer.isRunning());
  });

  test("ends the Parse Server process without the rule", async () => {
    await save(stack.parseServer.url, DEADLY).catch(() => {});
    await stack.parseServer.exited;
    assert.ok(!stack.parseServer.isRunning());
    await nginx.stop();
  });
});
