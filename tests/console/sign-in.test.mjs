// The console behind a token, and without scripts.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { chromiumPath, openPage, startBrowser } from "../../scripts/parse-server/browser.mjs";
import { REPOSITORY, startService } from "../../scripts/parse-server/stack.mjs";

const TOKEN = "admin-token-of-the-tests";

describe("the console behind a token", { skip: !chromiumPath && "Chromium is not installed" }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-console-"));
  let service;
  let browser;
  let page;

  before(async () => {
    const env = {
      CLOUDINARY_URL: "cloudinary://key:secret@demo",
      CLOUDINARY_PARSE_WEBHOOKS: path.join(REPOSITORY, "webhooks"),
      CLOUDINARY_PARSE_ADMIN_TOKEN: TOKEN,
      PARSE_SERVER_WEBHOOK_KEY: "webhook-key",
      PARSE_SERVER_URL: "http://127.0.0.1:9/parse",
      PARSE_SERVER_APPLICATION_ID: "app",
    };
    [service, browser] = await Promise.all([startService({ folder, env }), startBrowser()]);
    page = await openPage(browser);
    await page.goto(service.adminUrl);
  });
  after(async () => {
    await browser?.close();
    await service?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("asks for it, and shows nothing before", async () => {
    await page.getByLabel("Admin token").waitFor();
    assert.ok(!(await page.content()).includes("Photo"));
    for (const api of ["/api/overview", "/api/registration", "/metrics", "/ready"]) {
      assert.equal((await fetch(service.adminUrl + api)).status, 401, api);
    }
    for (const tool of ["/api/identifier", "/api/url", "/api/signature"]) {
      const answer = await fetch(service.adminUrl + tool, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
      assert.equal(answer.status, 401, tool);
    }
  });

  test("refuses another token", async () => {
    await page.getByLabel("Admin token").fill(`${TOKEN}x`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("Wrong token.").waitFor();
    assert.deepEqual(await page.context().cookies(), []);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: path.join(process.env.SCREENSHOTS, "sign-in.png") });
  });

  test("lets the token in, and keeps no copy of it in the browser", async () => {
    await page.getByLabel("Admin token").fill(TOKEN);
    await page.getByLabel("Admin token").press("Enter");
    await page.getByRole("heading", { name: "Decisions" }).waitFor();
    const [cookie, ...others] = await page.context().cookies();
    assert.deepEqual(others, []);
    assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Strict"]);
    assert.ok(!cookie.value.includes(TOKEN));
    await page.locator("#ready", { hasText: "ready" }).waitFor();
  });

  test("says that nothing is known of the registration without a master key", async () => {
    await page.getByText("Unknown: no master key").waitFor();
    assert.equal(await page.locator("#hook-rows .registration").first().innerText(), "unknown");
  });

  test("signs out, for a copy of the session too", async () => {
    const [{ name, value }] = await page.context().cookies();
    const withCopy = () => fetch(`${service.adminUrl}/api/overview`, { headers: { Cookie: `${name}=${value}` } });
    assert.equal((await withCopy()).status, 200);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Admin token").waitFor();
    assert.deepEqual(await page.context().cookies(), []);
    assert.equal((await withCopy()).status, 401);
  });

  test("works without scripts as far as it can", async () => {
    const plain = await openPage(browser, { javaScriptEnabled: false });
    await plain.goto(service.adminUrl);
    await plain.getByLabel("Admin token").fill(TOKEN);
    await plain.getByRole("button", { name: "Sign in" }).click();
    await plain.getByText("Photo.beforeSave").waitFor();
    assert.equal(await plain.locator("#hook-rows .refused").first().innerText(), "0");
    await plain.context().close();
  });
});
