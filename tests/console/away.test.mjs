// What the console says while Parse Server is away: the badge turns, and what stops /ready is shown.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { chromiumPath, openPage, startBrowser } from "../../scripts/parse-server/browser.mjs";
import { startService } from "../../scripts/parse-server/stack.mjs";

const KEEPS = 'class = "Photo"\n[fields.cloudinaryIdentifier]\n';
const DESTROYS = `${KEEPS}on_delete = "destroy"\ndestroy_within = "users/"\n`;
const PASSWORD = "password-of-the-tests";
const NOWHERE = `http://operator:${PASSWORD}@127.0.0.1:9/parse`;

describe("the console while Parse Server is away", { skip: !chromiumPath && "Chromium is not installed" }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-console-"));
  const started = [];
  let browser;
  let refusing;

  before(async () => {
    browser = await startBrowser();
    refusing = createServer((_, response) => response.writeHead(403, { "Content-Type": "application/json" }).end('{"error":"unauthorized"}'));
    refusing.listen(0, "127.0.0.1");
    await once(refusing, "listening");
  });
  after(async () => {
    await browser?.close();
    await Promise.all(started.map((service) => service.stop()));
    refusing?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function openConsole(manifest, parseServer) {
    const own = path.join(folder, String(started.length));
    mkdirSync(path.join(own, "webhooks"), { recursive: true });
    writeFileSync(path.join(own, "webhooks/Photo.toml"), manifest);
    const env = {
      CLOUDINARY_URL: "cloudinary://key:secret@demo",
      PARSE_SERVER_WEBHOOK_KEY: "webhook-key-of-the-tests",
      PARSE_SERVER_MASTER_KEY: "master-key-of-the-tests",
      PARSE_SERVER_URL: parseServer,
      PARSE_SERVER_APPLICATION_ID: "app",
    };
    const service = await startService({ folder: own, env });
    started.push(service);
    const page = await openPage(browser);
    await page.goto(service.adminUrl);
    return page;
  }

  test("turns the badge when Parse Server does not answer, though nothing stops /ready", async () => {
    const page = await openConsole(KEEPS, NOWHERE);
    await page.locator("#ready.warn", { hasText: "ready, but Parse Server is away" }).waitFor();
    assert.equal(await page.locator("#not-ready").isVisible(), false);
    await page.getByText(/^Unknown: cannot connect to Parse Server at /).waitFor();
    assert.equal(await page.locator("#hook-rows .registration").innerText(), "unknown");
  });

  test("shows what stops /ready", async () => {
    const page = await openConsole(DESTROYS, NOWHERE);
    await page.locator("#ready.bad", { hasText: "not ready: Parse Server" }).waitFor();
    const [why, ...others] = await page.locator("#not-ready li").allInnerTexts();
    assert.deepEqual(others, []);
    assert.match(why, /^Parse Server: .*cannot connect to Parse Server at /);
    assert.equal(await page.locator("#not-ready > p").innerText(), "The service is not ready. What stops it:");
  });

  test("leaves the badge as it is when Parse Server answers, be it a refusal", async () => {
    const page = await openConsole(KEEPS, `http://127.0.0.1:${refusing.address().port}/parse`);
    await page.getByText(/^Unknown: /).waitFor();
    await page.locator("#ready.good").waitFor();
    assert.equal(await page.locator("#ready").innerText(), "ready");
  });

  test("shows no secret", async () => {
    for (const service of started) {
      for (const address of ["/", "/api/overview", "/api/registration", "/ready"]) {
        const text = await (await fetch(service.adminUrl + address)).text();
        for (const never of [PASSWORD, "master-key-of-the-tests", "webhook-key-of-the-tests"]) assert.ok(!text.includes(never), `${address} ${never}`);
      }
    }
    const overview = await (await fetch(`${started[0].adminUrl}/api/overview`)).json();
    assert.equal(overview.parse_server, "http://operator:***@127.0.0.1:9/parse");
  });
});
