// The queue in the console, in a real Chromium: a deleted photo's asset waits there.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { chromiumPath, openPage, startBrowser } from "../../scripts/parse-server/browser.mjs";
import { mintIdentifier, Parse, signUp, useParseServer } from "../../scripts/parse-server/client.mjs";
import { startStack } from "../../scripts/parse-server/stack.mjs";

const PHOTO = `
class = "Photo"
[fields.cloudinaryIdentifier]
on_delete = "destroy"
grace = "24h"
max_age = "1h"
destroy_within = "users/"
`;

describe("the queue in the console", { skip: !chromiumPath && "Chromium is not installed" }, () => {
  let stack;
  let browser;
  let page;

  before(async () => {
    [stack, browser] = await Promise.all([startStack({ manifests: { "Photo.toml": PHOTO } }), startBrowser()]);
    useParseServer(stack.parseServer.url);
    await new Parse.Schema("Photo").addString("cloudinaryIdentifier").save();
    const session = { sessionToken: (await signUp("ann")).getSessionToken() };
    const photo = new Parse.Object("Photo");
    await photo.save({ cloudinaryIdentifier: mintIdentifier("users/u1/cat") }, session);
    await photo.destroy(session);
    page = await openPage(browser);
    await page.goto(stack.service.adminUrl);
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  test("shows how many jobs wait", async () => {
    const tile = (name) => page.locator("#queue-counts > div", { hasText: name }).locator("dd");
    await tile("Waiting").getByText("1").waitFor();
    assert.equal(await tile("Given up").innerText(), "0");
    await page.getByRole("link", { name: "Queue" }).waitFor();
  });

  test("lists the hooks of clean-up too", async () => {
    await page.getByText("all hooks are registered as the manifests say").waitFor();
    assert.equal(await page.locator('#hook-rows tr[data-hook="Photo.afterDelete"] .registration').innerText(), "current");
  });

  test("lists the jobs when asked", async () => {
    await page.getByRole("button", { name: "Show jobs" }).click();
    const row = page.locator("#job-rows tr");
    await row.getByText("destroy image/upload/users/u1/cat").waitFor();
    assert.equal(await row.count(), 1);
    assert.ok((await row.innerText()).includes("waiting"));
    if (process.env.SCREENSHOTS) await page.screenshot({ path: path.join(process.env.SCREENSHOTS, "queue.png"), fullPage: true });
    assert.deepEqual(page.complaints, []);
  });
});
