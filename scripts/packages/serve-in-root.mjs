// Has a program serve saves in the root of another system. Called by scripts/prove-portable.sh.
//
//   node serve-in-root.mjs ROOT PROGRAM
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bare, mintIdentifier } from "../parse-server/client.mjs";
import { run, startServer } from "../parse-server/processes.mjs";
import { ACCOUNT, PARSE, REPOSITORY } from "../parse-server/stack.mjs";

// A save as Parse Server sent it.
const CAPTURED = "tests/fixtures/094-photo-create-anonymous-rest--beforeSave-Photo.json";

const [root, program] = process.argv.slice(2);
const folder = path.join(root, "srv/cloudinary-parse");
rmSync(folder, { recursive: true, force: true });
mkdirSync(path.join(folder, "webhooks"), { recursive: true });
copyFileSync(program, path.join(folder, "cloudinary-parse"));
writeFileSync(path.join(folder, "webhooks/Photo.toml"), 'class = "Photo"\n[fields.cloudinaryIdentifier]\n');

const inRoot = (script) => ["chroot", [root, "sh", "-ec", `cd /srv/cloudinary-parse\n${script}`]];
const { stdout, stderr } = await run(...inRoot('. /etc/os-release; echo "$PRETTY_NAME, $(ldd --version | head -n 1)"; ./cloudinary-parse --version'), {});
console.log(stdout.trim().replace(/^/gm, "  "));
assert.match(stdout, /^cloudinary-parse \d/m, `the program does not run: ${stderr}`);

const logs = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-portable-"));
const [command, args] = inRoot("exec ./cloudinary-parse serve");
const { cloud_name, api_key, api_secret } = ACCOUNT;
const service = await startServer({
  name: "cloudinary-parse",
  command,
  args,
  ready: [/webhook listener on (http\S+)/],
  logFile: path.join(logs, "log"),
  env: {
    CLOUDINARY_URL: `cloudinary://${api_key}:${api_secret}@${cloud_name}`,
    PARSE_SERVER_WEBHOOK_KEY: PARSE.webhookKey,
    CLOUDINARY_PARSE_BIND: "127.0.0.1:0",
    CLOUDINARY_PARSE_ADMIN_BIND: "off",
  },
});

async function save(fields, key = PARSE.webhookKey) {
  const { body } = JSON.parse(readFileSync(path.join(REPOSITORY, CAPTURED), "utf8")).request;
  const answer = await fetch(`${service.urls[0]}/triggers/Photo/beforeSave`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Parse-Webhook-Key": key },
    body: JSON.stringify({ ...body, object: { ...body.object, ...fields } }),
  });
  const text = await answer.text();
  console.log(`  ${answer.status} ${text}`);
  return [answer.status, JSON.parse(text)];
}

const signed = mintIdentifier("cat");
assert.deepEqual(await save({}), [200, {}]);
assert.deepEqual(await save({ cloudinaryIdentifier: signed }), [200, { success: { title: "anon", cloudinaryIdentifier: bare(signed) } }]);
assert.deepEqual(await save({ cloudinaryIdentifier: bare(signed) }), [200, { error: "Bad signature" }]);
assert.equal((await save({}, "another key"))[0], 401);
assert.equal(await service.stop(), 0, service.output());
rmSync(logs, { recursive: true });
rmSync(folder, { recursive: true });
process.exit(0);
