// The package's types, read by TypeScript as an app's build reads them: strict, with what must be an error.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, copyFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { run } from "../../scripts/parse-server/processes.mjs";
import { REPOSITORY } from "../../scripts/parse-server/stack.mjs";

const TSC = path.join(REPOSITORY, "scripts/parse-server/node_modules/typescript/bin/tsc");

describe("the package's types", () => {
  let folder;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-types-"));
    mkdirSync(path.join(folder, "node_modules"));
    symlinkSync(path.join(REPOSITORY, "npm/cloudinary-parse"), path.join(folder, "node_modules/cloudinary-parse"));
    copyFileSync(path.join(import.meta.dirname, "types/usage.ts"), path.join(folder, "usage.ts"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const compile = (file, options) => {
    const { module = "node16", moduleResolution = "node16" } = options;
    const args = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", "--lib", "es2022,dom"];
    return run(process.execPath, [TSC, ...args, "--module", module, "--moduleResolution", moduleResolution, file], { cwd: folder });
  };

  for (const options of [{}, { module: "esnext", moduleResolution: "bundler" }]) {
    test(`hold what apps do with it, resolved as ${options.moduleResolution ?? "node16"} does`, async () => {
      const { code, stdout } = await compile("usage.ts", options);
      assert.deepEqual([code, stdout], [0, ""]);
    });
  }

  test("are what the code exports", async () => {
    writeFileSync(
      path.join(folder, "exports.ts"),
      `import * as cloud from "cloudinary-parse";
      import * as client from "cloudinary-parse/client";
      const names: [Exclude<keyof typeof cloud, "cloudinaryParse" | "PictureError">, Exclude<keyof typeof client, "uploadPicture" | "signForWidget" | "UploadError">][] = [];
      const none: [never, never][] = names;
      void none;`,
    );
    const { code, stdout } = await compile("exports.ts", { module: "esnext", moduleResolution: "bundler" });
    assert.deepEqual([code, stdout], [0, ""]);
    const exported = async (name) => Object.keys((await import(path.join(REPOSITORY, "npm/cloudinary-parse", name))).default).sort();
    assert.deepEqual(await exported("index.js"), ["PictureError", "cloudinaryParse"]);
    assert.deepEqual(await exported("client.js"), ["UploadError", "signForWidget", "uploadPicture"]);
  });
});
