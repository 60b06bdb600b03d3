// The operator's console in a real Chromium, beside a real Parse Server.
//
// SCREENSHOTS=folder   keeps pictures of it
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { chromiumPath, hostsOf, openPage, startBrowser } from "../../scripts/parse-server/browser.mjs";
import { identifier, Parse, picture, rest, signUp, upload, useParseServer } from "../../scripts/parse-server/client.mjs";
import { ACCOUNT, PARSE, startStack } from "../../scripts/parse-server/stack.mjs";

const ELSEWHERE = "http://cloud.example/functions/send_mail";
const SCREENSHOTS = process.env.SCREENSHOTS;

describe("the console", { skip: !chromiumPath && "Chromium is not installed" }, () => {
  let stack;
  let browser;
  let page;
  let user;
  let signed;

  before(async () => {
    [stack, browser] = await Promise.all([startStack(), startBrowser()]);
    useParseServer(stack.parseServer.url);
    await new Parse.Schema("Photo").addString("cloudinaryIdentifier").save();
    const foreign = { functionName: "send_mail", url: ELSEWHERE };
    await rest(stack.parseServer.url, "POST", "/hooks/functions", { master: true, body: foreign });
    const moved = { __op: "Delete" };
    await rest(stack.parseServer.url, "PUT", "/hooks/functions/sign_portrait_upload", { master: true, body: moved });

    user = await signUp("ann");
    const session = { sessionToken: user.getSessionToken() };
    const fields = await Parse.Cloud.run("sign_cloudinary_upload_request", {}, session);
    signed = identifier(await upload(stack.double.url, ACCOUNT.cloud_name, fields, picture()));
    await new Parse.Object("Photo").save({ cloudinaryIdentifier: signed }, session);
    await assert.rejects(new Parse.Object("Photo").save({ cloudinaryIdentifier: signed.replace(/#.*/, "") }, session));
    await assert.rejects(new Parse.Object("Photo").save({ cloudinaryIdentifier: "cat.jpg" }, session));
    await assert.rejects(Parse.Cloud.run("sign_cloudinary_upload_request"));

    page = await openPage(browser);
    await page.goto(stack.service.adminUrl);
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  const hookRow = (name) => page.locator(`#hook-rows tr[data-hook="${name}"]`);

  test("counts decisions and says why some were refusals", async () => {
    await page.getByText("2 in the last hour").waitFor();
    assert.equal(await page.locator("#total-accepted").innerText(), "2");
    assert.equal(await page.locator("#total-refused").innerText(), "3");
    assert.match(await page.locator("#chart-refused").getAttribute("aria-label"), /^Refused in the last hour: 3, at most [123] a minute, at \d\d:\d\d$/);
    assert.ok((await page.locator("#chart-accepted rect").count()) >= 1);
    const reasons = await page.locator("#reasons tr").allInnerTexts();
    assert.deepEqual(reasons.map((text) => text.split(/[\s]/)[0]).sort(), ["bad_signature", "malformed", "needs_user"]);
  });

  test("follows what happens without being reloaded", async () => {
    await assert.rejects(Parse.Cloud.run("sign_cloudinary_upload_request"));
    await page.locator("#total-refused", { hasText: "4" }).waitFor();
    assert.equal(await hookRow("sign_cloudinary_upload_request").locator(".refused").innerText(), "2");
  });

  test("lists refusals with field, reason and user, and nothing that could be replayed", async () => {
    const first = page.locator("#refusal-rows tr", { hasText: "bad_signature" });
    for (const text of ["Photo.beforeSave", "cloudinaryIdentifier", user.id]) assert.ok((await first.innerText()).includes(text), text);
    const overview = await (await fetch(`${stack.service.adminUrl}/api/overview`)).text();
    for (const never of [signed.split("#")[1], signed.split("#")[0], user.getSessionToken(), ACCOUNT.api_secret, PARSE.masterKey, PARSE.webhookKey]) {
      assert.ok(!overview.includes(never), never);
    }
  });

  test("filters refusals by reason", async () => {
    await page.getByLabel("Reason").selectOption("malformed");
    assert.equal(await page.locator("#refusal-rows tr").count(), 1);
    assert.equal(await page.locator("#refusals-shown").innerText(), "1 of 4 are shown.");
    await page.getByLabel("Reason").selectOption("");
    assert.equal(await page.locator("#refusal-rows tr").count(), 4);
  });

  test("shows the hooks as Parse Server has them", async () => {
    await page.getByText("1 not as the manifests say").waitFor();
    assert.equal(await hookRow("Photo.beforeSave").locator(".registration").innerText(), "current");
    assert.equal(await hookRow("sign_portrait_upload").locator(".registration").innerText(), "missing");
    const other = await page.locator("#other-rows tr").innerText();
    for (const text of ["send_mail", "foreign", ELSEWHERE]) assert.ok(other.includes(text), text);
    await page.getByRole("button", { name: "Ask Parse Server" }).click();
    await page.getByText("1 not as the manifests say").waitFor();
  });

  test("reads an identifier that Cloudinary signed", async () => {
    const tool = page.getByRole("form", { name: "Read an identifier" });
    await tool.getByLabel("Identifier", { exact: true }).fill(signed);
    await tool.getByLabel("Identifier", { exact: true }).press("Enter");
    await tool.getByText("Cloudinary signed it").waitFor();
    const result = await tool.getByRole("status").innerText();
    for (const text of ["the current secret", "image", "upload", "png", signed.match(/\/v(\d+)\//)[1]]) assert.ok(result.includes(text), `${text}\n${result}`);
  });

  test("says why an identifier is refused", async () => {
    const tool = page.getByRole("form", { name: "Read an identifier" });
    for (const [text, why] of [
      ["cat.jpg", "expected resource_type/type/vVERSION/public_id"],
      ["image/upload/v1/cat.jpg", 'signature: missing, expected one after "#"'],
      [signed.toUpperCase().replace(/^IMAGE\/UPLOAD\/V/, "image/upload/v"), "Cloudinary writes hex digits in lower case"],
      ["image/upload/v1/<b>cat</b>.jpg#aa", "public_id: '<' is not allowed"],
    ]) {
      await tool.getByLabel("Identifier", { exact: true }).fill(text);
      await tool.getByRole("button").click();
      await tool.getByText(why).waitFor();
      assert.equal(await tool.locator(".bad").innerText(), "Refused");
    }
  });

  test("says which guarded fields would take it, and why the others would not", async () => {
    const tool = page.getByRole("form", { name: "Read an identifier" });
    await tool.getByLabel("Identifier", { exact: true }).fill(signed);
    await tool.getByRole("button").click();
    const opinionOf = (field) => tool.getByRole("listitem").filter({ hasText: field });
    await opinionOf("Photo.cloudinaryIdentifier").getByText("takes it").waitFor();
    assert.equal(await tool.getByRole("listitem").count(), 2);
    assert.match(await opinionOf("Portrait.cloudinaryIdentifier").innerText(), /depends on the user\s+The picture must lie in users\/\{user\.objectId\}$/);

    await tool.getByLabel(/Saved by the user with objectId/).fill(user.id);
    await tool.getByRole("button").click();
    await opinionOf("Portrait.cloudinaryIdentifier").getByText("refuses it").waitFor();
    await tool.getByText(`folder expected a public_id in folder "users/${user.id}"`).waitFor();

    const { stdout } = await stack.cli(["sign", `folder=users/${user.id}`, "--json"]);
    const own = identifier(await upload(stack.double.url, ACCOUNT.cloud_name, JSON.parse(stdout), picture()));
    await tool.getByLabel("Identifier", { exact: true }).fill(own);
    await tool.getByRole("button").click();
    await opinionOf("Portrait.cloudinaryIdentifier").getByText("takes it").waitFor();
    await tool.getByLabel(/Saved by the user with objectId/).fill("somebody");
    await tool.getByRole("button").click();
    await opinionOf("Portrait.cloudinaryIdentifier").getByText("refuses it").waitFor();
  });

  test("builds a delivery URL and shows the picture, and only then asks another host", async () => {
    assert.deepEqual(hostsOf(page), [new URL(stack.service.adminUrl).host]);
    const tool = page.getByRole("form", { name: "Build a delivery URL" });
    await tool.getByLabel("Identifier", { exact: true }).fill(signed);
    await tool.getByLabel("Transformation, as in a URL").fill("c_fill,w_300,h_200");
    await tool.getByRole("button", { name: "Build and show" }).click();
    await tool.getByText("Delivered: 320 × 240 pixels.").waitFor();
    assert.match(await tool.locator("pre").innerText(), /^http:\/\/127\.0\.0\.1:\d+\/rig\/image\/upload\/c_fill,w_300,h_200\/v\d+\/\w+\.png$/);
    assert.deepEqual(hostsOf(page), [stack.service.adminUrl, stack.double.url].map((url) => new URL(url).host));
    await tool.getByLabel(/Sign the URL/).check();
    await tool.getByRole("button").click();
    await tool.getByText(/\/s--[\w-]{8}--\//).waitFor();
  });

  test("says so when there is no picture", async () => {
    const tool = page.getByRole("form", { name: "Build a delivery URL" });
    await tool.getByLabel("Identifier", { exact: true }).fill("image/upload/v1/nobody.png");
    await tool.getByRole("button").click();
    await tool.getByText("Cloudinary does not deliver a picture at this URL.").waitFor();
    await tool.getByLabel("Identifier", { exact: true }).fill("nobody.png");
    await tool.getByRole("button").click();
    await tool.getByText("identifier: expected resource_type/type/vVERSION/public_id").waitFor();
    await tool.getByLabel("Identifier", { exact: true }).fill(signed);
    await tool.getByRole("button").click();
    await tool.getByText("Delivered: 320 × 240 pixels.").waitFor();
  });

  test("signs parameters and shows what is signed, the secret masked", async () => {
    const tool = page.getByRole("form", { name: "Sign parameters" });
    await tool.getByLabel(/Parameters/).fill("folder=users/u1\ntags=cat&dog\nempty=\ntimestamp=1700000000");
    await tool.getByRole("button", { name: "Sign" }).click();
    await tool.getByText("folder=users/u1&tags=cat%26dog&timestamp=1700000000<api_secret>").waitFor();
    const result = await tool.getByRole("status").innerText();
    for (const text of ["sha1, signature version 2", "& is signed as %26", "Left out, being empty: empty", ACCOUNT.api_key]) assert.ok(result.includes(text), text);
    assert.ok(!result.includes(ACCOUNT.api_secret));
    for (const [text, why] of [
      ["version=1", "version is not an upload parameter"],
      ["folder", "folder: expected name=value"],
      ["a=1\na=2", "a: given twice, expected once"],
    ]) {
      await tool.getByLabel(/Parameters/).fill(text);
      await tool.getByRole("button").click();
      await tool.getByText(why).waitFor();
    }
    await tool.getByLabel(/Parameters/).fill("folder=users/u1\ntags=cat,dog");
    await tool.getByRole("button").click();
    await tool.getByText("String to sign").waitFor();
  });

  test("can be paused", async () => {
    const pause = page.getByRole("button", { name: "Pause updates" });
    await pause.click();
    assert.equal(await pause.getAttribute("aria-pressed"), "true");
    await pause.click();
  });

  test("is used by keyboard: the first stop skips to the content", async () => {
    await page.evaluate(() => scrollTo(0, 0));
    await page.locator("body").press("Tab");
    const fresh = await openPage(browser);
    await fresh.goto(stack.service.adminUrl);
    await fresh.keyboard.press("Tab");
    assert.equal(await fresh.evaluate(() => document.activeElement.textContent), "Skip to the content");
    await fresh.keyboard.press("Enter");
    assert.equal(await fresh.evaluate(() => document.activeElement.id), "main");
    await fresh.context().close();
  });

  test("has landmarks, one first heading, and a name for everything that can be used", async () => {
    for (const landmark of ["banner", "navigation", "main"]) assert.equal(await page.getByRole(landmark).count(), 1, landmark);
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll("button, a, input, select, textarea, svg[role=img]")].filter(
        (node) => !(node.labels?.length || node.textContent.trim() || node.getAttribute("aria-label")),
      ).length,
    );
    assert.equal(nameless, 0);
  });

  for (const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]]) {
    test(`fits ${width} pixels in ${colorScheme} colours`, async () => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${overflow} pixels too wide`);
      if (SCREENSHOTS) await page.screenshot({ path: path.join(SCREENSHOTS, `console-${width}-${colorScheme}.png`), fullPage: true });
    });
  }

  test("says so when the service is gone, and nothing went wrong before", async () => {
    assert.deepEqual(page.complaints.filter((text) => !/status of (400|404)|the server responded/.test(text)), []);
    await stack.service.stop();
    await page.getByText("cloudinary-parse does not answer. What is shown may be old.").waitFor();
  });
});
