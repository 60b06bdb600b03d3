// SIGHUP while a real Parse Server saves: no save fails, and what is not registered is said.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startService } from "../../scripts/parse-server/stack.mjs";
import { assertRefused, bare, create, mintIdentifier, row, useStack } from "./support/rig.mjs";

const NOTE = 'class = "Note"\n[fields.picture]\n';
describe("a reload", () => {
  const stack = useStack({
    manifests: { "Note.toml": NOTE },
    classes: { Note: { picture: "String", text: "String" }, Album: { cover: "String" } },
  });

  // The public URL of a service on port 0 is known only once it runs.
  before(async () => {
    const { service } = stack;
    await service.stop();
    const env = { ...service.env, CLOUDINARY_PARSE_BIND: new URL(service.url).host };
    stack.service = await startService({ folder: stack.folder, env });
  });

  const write = (name, text) => writeFileSync(path.join(stack.webhooks, name), text);

  /** Says SIGHUP and waits until the log holds the text once more. */
  async function reload(text) {
    const occurrences = () => stack.service.output().split(text).length;
    const before = occurrences();
    process.kill(stack.service.pid, "SIGHUP");
    for (let tries = 0; occurrences() === before; tries++) {
      assert.ok(tries < 400, `no "${text}" in\n${stack.service.output()}`);
      await sleep(25);
    }
  }

  test("loses no save", async () => {
    let stop = false;
    const saving = async () => {
      let saved = 0;
      for (; !stop; saved++) {
        const signed = mintIdentifier(`cat${saved}`);
        const id = await create(stack, "Note", { picture: signed });
        assert.equal((await row(stack, "Note", id)).picture, bare(signed));
      }
      return saved;
    };
    const savers = Array.from({ length: 4 }, saving);
    for (let round = 0; round < 10; round++) {
      write("Album.toml", 'class = "Album"\n[fields.cover]\n');
      await reload("manifests loaded");
      rmSync(path.join(stack.webhooks, "Album.toml"));
      await reload("manifests loaded");
    }
    stop = true;
    const saved = await Promise.all(savers);
    assert.ok(saved.every((count) => count > 0), String(saved));
  });

  test("says which hooks Parse Server does not know yet", async () => {
    write("Album.toml", 'class = "Album"\n[fields.cover]\n');
    await reload("Album.beforeSave is not registered: run `cloudinary-parse register`");
    const { code, stderr } = await stack.cli(["register"]);
    assert.equal(code, 0, stderr);
    const answer = await stack.rest("POST", "/classes/Album", { master: true, body: { cover: bare(mintIdentifier("cover")) } });
    assertRefused(answer, "Bad signature");
    await reload("Parse Server's hooks are those of the manifests");
  });

  test("leaves the old manifests in force where the new ones are broken", async () => {
    write("Note.toml", `${NOTE}requird = true\n`);
    await reload("Note.toml:3: unknown key `requird`");
    const answer = await stack.rest("POST", "/classes/Note", { master: true, body: { picture: bare(mintIdentifier("cat")) } });
    assertRefused(answer, "Bad signature");
  });
});
