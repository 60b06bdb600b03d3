// The sample gallery in a real Chromium: an app of the official Parse SDK, from signing up to a forgery.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { chromiumPath, hostsOf, openPage, startBrowser } from "../../scripts/parse-server/browser.mjs";
import { Parse, picture, rest, useParseServer } from "../../scripts/parse-server/client.mjs";
import { ACCOUNT, startGallery, startService, startStack } from "../../scripts/parse-server/stack.mjs";

describe("the sample gallery", { skip: !chromiumPath && "Chromium is not installed" }, () => {
  let stack;
  let gallery;
  let browser;
  let page;

  before(async () => {
    [stack, browser] = await Promise.all([startStack(), startBrowser()]);
    useParseServer(stack.parseServer.url);
    await new Parse.Schema("Photo").addString("title").addString("cloudinaryIdentifier").save();
    const { folder, parseServer, double } = stack;
    gallery = await startGallery({ folder, parseServerUrl: parseServer.url, apiUrl: double.url, cloudName: ACCOUNT.cloud_name });
    page = await openPage(browser);
    await page.goto(gallery.url);
  });
  after(async () => {
    await browser?.close();
    await gallery?.stop();
    await stack?.stop();
  });

  const steps = () => page.locator("#steps > li");

  async function addPicture(title) {
    await page.getByLabel("Picture", { exact: true }).setInputFiles({ name: "street.png", mimeType: "image/png", buffer: picture(640, 480) });
    await page.getByLabel("Title").fill(title);
    await page.getByRole("button", { name: "Upload and save" }).click();
  }

  const preview = () => page.getByRole("img", { name: "Preview of the chosen picture" });

  test("signs no upload for somebody without an account", async () => {
    await addPicture("Not mine");
    await page.getByText("Refused: Needs an authenticated user (code 141)").waitFor();
    assert.equal(await steps().count(), 1);
    assert.equal((await steps().innerText())[0], "✗");
    assert.ok(await preview().isVisible(), "what was chosen can be tried again");
  });

  test("signs up", async () => {
    await page.getByLabel("Name").fill("ann");
    await page.getByLabel("Password").fill("a password");
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.getByText("Signed in as ann").waitFor();
    await page.getByText("Nothing here yet.").waitFor();
  });

  test("shows each step from signing to the stored identifier", async () => {
    await addPicture("Our street");
    await page.getByText("Read back, the signature is gone").waitFor();
    await page.locator("#photos img").waitFor();
    assert.deepEqual((await steps().allInnerTexts()).map((text) => text[0]), ["✓", "✓", "✓", "✓"]);
    const texts = await page.locator("#steps code").allInnerTexts();
    assert.equal(texts.length, 4);
    assert.equal(texts[0], "to post: timestamp, tags, eager, signature, api_key");
    assert.match(texts[1], /^\w+, version \d+, 640 × 480$/);
    assert.match(texts[2], /^image\/upload\/v\d+\/\w+\.png#[0-9a-f]{40}$/);
    assert.equal(texts[3], texts[2].split("#")[0]);
  });

  test("is ready for the next picture", async () => {
    await preview().waitFor({ state: "hidden" });
    assert.equal(await page.getByLabel("Picture", { exact: true }).inputValue(), "");
    assert.equal(await page.getByLabel("Title").inputValue(), "");
  });

  test("shows the picture before it goes anywhere, and how far its upload has come", async () => {
    await page.getByLabel("Picture", { exact: true }).setInputFiles({ name: "street.png", mimeType: "image/png", buffer: picture(320, 200) });
    await preview().waitFor();
    await page.waitForFunction(() => document.querySelector("#preview").naturalWidth === 320);
    await page.route("**/image/upload", async (route) => {
      await new Promise((done) => setTimeout(done, 500));
      await route.continue();
    });
    await page.getByRole("button", { name: "Upload and save" }).click();
    const bar = page.getByRole("progressbar", { name: "The picture goes to Cloudinary" });
    await bar.waitFor();
    assert.match(await steps().last().innerText(), /^The picture goes to Cloudinary …\s+\d+%$/);
    await page.getByText("Read back, the signature is gone").waitFor();
    assert.equal(await page.getByRole("progressbar").count(), 0);
    await page.unroute("**/image/upload");
  });

  test("says in words that it is offline, and saves nothing", async () => {
    const before = (await rest(stack.parseServer.url, "GET", "/classes/Photo", { master: true })).json.results.length;
    await page.context().setOffline(true);
    await page.getByText("You are offline. Pictures can be uploaded and saved when you are connected again.").waitFor();
    await page.getByRole("button", { name: "Save it" }).click();
    await page.locator("#forge-result", { hasText: "You are offline. Nothing was saved; try again when you are connected." }).waitFor();
    await page.context().setOffline(false);
    await page.locator("#offline").waitFor({ state: "hidden" });
    const { json } = await rest(stack.parseServer.url, "GET", "/classes/Photo", { master: true });
    assert.equal(json.results.length, before);
  });

  test("says so when cloudinary-parse is away, which is no refusal", async () => {
    const { service } = stack;
    const port = new URL(service.url).port;
    await service.stop();
    await page.getByRole("button", { name: "Save it" }).click();
    await page.locator("#forge-result", { hasText: "Pictures cannot be checked at present. Nothing was saved; try again later." }).waitFor();
    stack.service = await startService({ folder: stack.folder, env: { ...service.env, CLOUDINARY_PARSE_BIND: `127.0.0.1:${port}` } });
  });

  test("shows the thumbnail", async () => {
    const image = page.getByRole("img", { name: "Our street" });
    await page.waitForFunction(() => document.querySelector("#photos img")?.naturalWidth > 0);
    assert.match(await image.getAttribute("src"), /\/c_fill,g_face,h_100,w_150\/v\d+\/\w+\.png$/);
  });

  test("saves no forgery, with a good signature of another picture least of all", async () => {
    const forged = await page.getByLabel("Identifier").inputValue();
    assert.ok(await page.getByLabel("Identifier").evaluate((area) => area.scrollHeight <= area.clientHeight), "all of it is seen");
    assert.match(forged, /\/someone-elses-picture\.png#[0-9a-f]{40}$/);
    for (const [text, refusal] of [
      [forged, "Refused: Bad signature (code 141)"],
      [forged.split("#")[0], "Refused: Bad signature (code 141)"],
      ["cat.jpg", "Photo.cloudinaryIdentifier"],
    ]) {
      await page.getByLabel("Identifier").fill(text);
      await page.getByRole("button", { name: "Save it" }).click();
      await page.locator("#forge-result", { hasText: refusal }).waitFor();
    }
    const { json } = await rest(stack.parseServer.url, "GET", "/classes/Photo", { master: true });
    assert.equal(json.results.length, 2);
  });

  test("talks to Parse Server and Cloudinary only", () => {
    const known = [gallery.url, stack.parseServer.url, stack.double.url].map((url) => new URL(url).host);
    assert.deepEqual(hostsOf(page).filter((host) => host && !known.includes(host)), []);
    assert.deepEqual(page.complaints.filter((text) => !/status of 400|ERR_INTERNET_DISCONNECTED/.test(text)), []);
  });

  for (const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]]) {
    test(`fits ${width} pixels in ${colorScheme} colours`, async () => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${overflow} pixels too wide`);
      const folder = process.env.SCREENSHOTS;
      if (folder) await page.screenshot({ path: path.join(folder, `gallery-${width}-${colorScheme}.png`), fullPage: true });
    });
  }

  test("logs out and in again", async () => {
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("Sign up to see the thumbnails.").waitFor();
    assert.equal(await steps().count(), 0);
    assert.equal(await page.locator("#forge-result").innerText(), "");
    await page.getByLabel("Name").fill("ann");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("Invalid username/password.").waitFor();
    await page.getByLabel("Password").fill("a password");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("img", { name: "Our street" }).waitFor();
  });
});
