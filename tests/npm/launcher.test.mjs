// The command that npm puts into node_modules/.bin, with shell scripts in the program's place.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { REPOSITORY } from "../../scripts/parse-server/stack.mjs";

const PACKAGE = path.join(REPOSITORY, "npm/cloudinary-parse");
const PLATFORM = `@cloudinary-parse/${process.platform}-${process.arch}`;
const require = createRequire(import.meta.url);
const { explain, findProgram } = require(path.join(PACKAGE, "lib/program.js"));
const { version } = require(path.join(PACKAGE, "package.json"));

const OTHER_WAYS = "Other ways to run it, as a container and from source: the project's README";
const NO_MUSL = `This system's C library is musl, as in Alpine Linux, and the program needs glibc. Use an image with glibc: node:22-slim in place of node:22-alpine. ${OTHER_WAYS}`;
const missing = () => {
  throw new Error("Cannot find module");
};

describe("the command of the npm package", () => {
  let folder;
  let launcher;
  let program;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-launcher-"));
    cpSync(PACKAGE, path.join(folder, "node_modules/cloudinary-parse"), { recursive: true });
    launcher = path.join(folder, "node_modules/cloudinary-parse/bin/cloudinary-parse.js");
    program = path.join(folder, "node_modules", PLATFORM, "bin/cloudinary-parse");
    mkdirSync(path.dirname(program), { recursive: true });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts a command with this script as its program; `said` is what its outputs hold so far. */
  function start(script, [command, ...args], env = {}) {
    writeFileSync(program, `#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
    const { npm_command: _, ...inherited } = process.env;
    const child = spawn(command, args, { env: { ...inherited, ...env } });
    const said = { stdout: "", stderr: "" };
    for (const output of ["stdout", "stderr"]) child[output].setEncoding("utf8").on("data", (text) => (said[output] += text));
    return { child, said, closed: once(child, "close") };
  }

  async function run(script, args = [], input = "") {
    const { child, said, closed } = start(script, [process.execPath, launcher, ...args]);
    child.stdin.on("error", () => {}).end(input);
    const [code, signal] = await closed;
    return { code, signal, ...said };
  }

  /** Starts a command, waits until its program has said that it is ready, sends the command a signal and waits for its end. */
  async function interrupt(signal, script, command, env) {
    const { child, said, closed } = start(script, command, env);
    while (!said.stdout.includes("ready")) await Promise.race([once(child.stdout, "data"), closed.then(() => assert.fail(said.stderr))]);
    child.kill(signal);
    const [code] = await closed;
    return { code, stdout: said.stdout };
  }

  test("passes on arguments, inputs and outputs as they are", async () => {
    const { code, stdout, stderr } = await run('printf "<%s>" "$@"; cat; echo oops >&2', ["verify", "a b#$c", ""], "input");
    assert.deepEqual([code, stdout, stderr], [0, "<verify><a b#$c><>input", "oops\n"]);
  });

  test("ends with the program's exit code", async () => {
    for (const expected of [1, 2, 64]) assert.equal((await run(`exit ${expected}`)).code, expected);
  });

  test("ends by the signal that ended the program", async () => {
    for (const expected of ["SIGKILL", "SIGTERM", "SIGHUP"]) {
      const { code, signal } = await run(`kill -${expected.slice(3)} $$`);
      assert.deepEqual([code, signal], [null, expected]);
    }
  });

  const untilSignal = (name) => `trap 'echo got ${name}; exit 3' ${name}; echo ready; while :; do sleep 0.05; done`;

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
    test(`hands ${signal} to the program and waits for it`, async () => {
      const name = signal.slice(3);
      const { code, stdout } = await interrupt(signal, untilSignal(name), [process.execPath, launcher]);
      assert.deepEqual([code, stdout], [3, `ready\ngot ${name}\n`]);
    });
  }

  test("ends the program when npm's shell ends, which hands on no signal", async () => {
    // The second command keeps the shell from becoming the first.
    const shell = ["sh", "-c", `"${process.execPath}" "${launcher}"; :`];
    const { stdout } = await interrupt("SIGTERM", untilSignal("TERM"), shell, { npm_command: "exec" });
    // The program has the output open until it ends.
    assert.equal(stdout, "ready\ngot TERM\n");
  });

  test("says so if the program cannot be run", async () => {
    writeFileSync(program, "");
    chmodSync(program, 0o644);
    const child = spawn(process.execPath, [launcher, "serve"]);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    const [code] = await once(child, "close");
    assert.deepEqual([code, stderr], [1, `cloudinary-parse: ${program} cannot be run: spawn ${program} EACCES. ${OTHER_WAYS}\n`]);
  });

  test("finds the program of the platform that it runs on", () => {
    const found = (platform, arch) => findProgram({ platform, arch, resolve: (name) => `/modules/${name}` });
    assert.deepEqual(found("linux", "x64"), { path: "/modules/@cloudinary-parse/linux-x64/bin/cloudinary-parse" });
    assert.deepEqual(found("darwin", "arm64"), { path: "/modules/@cloudinary-parse/darwin-arm64/bin/cloudinary-parse" });
  });

  test("names the platforms that there is a program for where there is none", () => {
    for (const [platform, arch] of [
      ["win32", "x64"],
      ["linux", "arm"],
      ["linux", "ia32"],
      ["freebsd", "x64"],
    ]) {
      const expected = `There is no program for ${platform}-${arch}, only for darwin-arm64, darwin-x64, linux-arm64, linux-x64. ${OTHER_WAYS}`;
      assert.deepEqual(findProgram({ platform, arch }), { error: expected });
    }
  });

  test("tells musl from a package that was left out", () => {
    const find = (platform, glibc) => findProgram({ platform, arch: "x64", glibc: () => glibc, resolve: missing });
    assert.deepEqual(find("linux", false), { error: NO_MUSL });
    for (const platform of ["linux", "darwin"]) {
      const expected = `@cloudinary-parse/${platform}-x64 is not installed. Install again on this system, without --omit=optional: npm install cloudinary-parse@${version}. ${OTHER_WAYS}`;
      assert.deepEqual(find(platform, platform === "linux"), { error: expected });
    }
  });

  // npm before 9.6.5 reads no `libc`.
  test("knows musl by the dynamic linker that is missing", () => {
    const error = Object.assign(new Error("spawn /p ENOENT"), { code: "ENOENT" });
    assert.equal(explain("/p", error, { platform: "linux", glibc: () => false }), NO_MUSL);
    const other = `/p cannot be run: spawn /p ENOENT. ${OTHER_WAYS}`;
    assert.equal(explain("/p", error, { platform: "linux", glibc: () => true }), other);
    assert.equal(explain("/p", error, { platform: "darwin", glibc: () => false }), other);
  });
});
