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

/** Runs in the page: texts whose contrast with what is behind them is less than 4.5 to 1. */
function unreadable() {
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] !== 0) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility() && [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim()));
  return texts.filter((node) => {
    const [low, high] = [parse(getComputedStyle(node).color).slice(0, 3), behind(node)].map(luminance).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) < 4.5;
  }).map((node) => node.outerHTML.slice(0, 120));
}

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

  const reasonFilter = () => page.getByRole("combobox", { name: "Reason" });
  const visibleRefusals = () => page.locator("#refusal-rows > tr:visible:has(time)");

  /** The open details of the oldest refusal with this reason: what is in them, and their row. */
  async function openRefusal(reason) {
    const summary = page.locator("#refusal-rows > tr:has(time)", { hasText: reason }).last();
    const button = summary.getByRole("button", { name: /^Details/ });
    if ((await button.getAttribute("aria-expanded")) === "false") await button.click();
    const row = page.locator(`#${await button.getAttribute("aria-controls")}`);
    await row.waitFor();
    return [row.locator("dl"), row];
  }

  /** Calls the service as Parse Server does. */
  async function postHook(path, body, key = PARSE.webhookKey) {
    const headers = { "Content-Type": "application/json", "X-Parse-Webhook-Key": key };
    return fetch(stack.service.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  const hookRow = (name) => page.locator(`#hook-rows tr[data-hook="${name}"]`);

  test("counts decisions and says why some were refusals", async () => {
    await page.getByText("2 in the last hour").waitFor();
    assert.equal(await page.locator("#total-accepted").innerText(), "2");
    assert.equal(await page.locator("#total-refused").innerText(), "3");
    assert.match(await page.locator("#chart-refused").getAttribute("aria-label"), /^Refused in the last hour: 3, peak [123]\/min at \d\d:\d\d$/);
    assert.ok((await page.locator("#chart-accepted rect").count()) >= 1);
    assert.match(await page.locator("#peak-refused").innerText(), /^peak [123]\/min$/);
    assert.equal(await page.locator("#chart-failed").getAttribute("aria-label"), "Undecided in the last hour: 0");
    assert.equal(await page.locator("#peak-failed").innerText(), "none");
    assert.equal(await page.locator("#kinds").innerText(), "Every call was decided.");
    assert.equal(await page.locator("#undecided").isVisible(), false);
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
    for (const never of [signed.split("#")[1], user.getSessionToken(), ACCOUNT.api_secret, PARSE.masterKey, PARSE.webhookKey]) {
      assert.ok(!overview.includes(never), never);
    }
  });

  test("filters refusals by reason", async () => {
    await reasonFilter().selectOption("malformed");
    assert.equal(await visibleRefusals().count(), 1);
    assert.equal(await page.locator("#refusals-shown").innerText(), "Showing 1 of 4.");
    await reasonFilter().selectOption("");
    assert.equal(await visibleRefusals().count(), 4);
    assert.equal(await page.locator("#refusals-shown").innerText(), "");
  });

  test("finds the refusals of a user", async () => {
    const search = page.getByRole("searchbox", { name: "User" });
    await search.fill(user.id.slice(0, 6));
    assert.equal(await visibleRefusals().count(), 2);
    for (const text of await visibleRefusals().allInnerTexts()) assert.ok(text.includes(user.id), text);
    assert.equal(await page.locator("#refusals-shown").innerText(), "Showing 2 of 4.");
    await search.fill("nobody");
    assert.equal(await page.locator("#refusal-rows").innerText(), "None.");
    await search.fill("");
    assert.equal(await visibleRefusals().count(), 4);
    assert.equal(await page.locator("#no-refusals").count(), 0);
  });

  test("opens a refusal: what the app got, the request in the log, the identifier without its signature", async () => {
    const [details] = await openRefusal("bad_signature");
    const text = await details.innerText();
    assert.match(text, /The app got\s+Bad signature\s+Copy/);
    const [, request] = text.match(/Request in the log\s+request=([0-9a-f]+-\d+)\s+Copy/);
    const line = stack.service.output().split("\n").find((text) => text.includes(`request=${request}`));
    assert.match(line, /refused hook=Photo\.beforeSave field=cloudinaryIdentifier reason=bad_signature/);
    assert.ok(text.includes(signed.split("#")[0]), text);
    const [malformed] = await openRefusal("malformed");
    assert.match(await malformed.innerText(), /Photo\.cloudinaryIdentifier: expected resource_type\/type\/vVERSION\/public_id/);
    const [withoutIdentifier] = await openRefusal("needs_user");
    assert.match(await withoutIdentifier.innerText(), /Needs an authenticated user/);
    assert.ok(!(await withoutIdentifier.innerText()).includes("Inspect it"));
  });

  test("keeps a refusal open, and the focus, while others arrive", async () => {
    const button = page.locator("#refusal-rows tr", { hasText: "malformed" }).getByRole("button", { name: /^Details/ });
    await button.focus();
    const before = await page.locator("#refusal-rows tr").count();
    await assert.rejects(Parse.Cloud.run("sign_cloudinary_upload_request"));
    await page.waitForFunction((count) => document.querySelectorAll("#refusal-rows tr").length > count, before);
    assert.equal(await button.getAttribute("aria-expanded"), "true");
    assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^Details of the refusal at /);
    await page.keyboard.press("Enter");
    assert.equal(await button.getAttribute("aria-expanded"), "false");
    await page.getByText("expected resource_type/type/vVERSION/public_id").waitFor({ state: "hidden" });
  });

  test("takes a refused identifier into the inspector", async () => {
    const [, row] = await openRefusal("bad_signature");
    await row.getByRole("link", { name: "Inspect it" }).click();
    const tool = page.getByRole("form", { name: "Inspect an identifier" });
    await tool.getByText('signature: missing, expected one after "#"').waitFor();
    assert.equal(await tool.getByLabel(/^Identifier/).inputValue(), signed.split("#")[0]);
    assert.equal(await tool.getByLabel(/^Saved by/).inputValue(), user.id);
    assert.equal(await page.evaluate(() => document.activeElement.id), "identifier");
  });

  test("shows what a client sent as text, be it HTML", async () => {
    const hostile = "<img src=x onerror=\"document.title='hacked'\">";
    await postHook("/triggers/Photo/beforeSave", { object: { cloudinaryIdentifier: `image/upload/v1/${hostile}.jpg` }, user: { objectId: hostile } });
    const row = page.locator("#refusal-rows tr", { hasText: "<img src=x" }).first();
    await row.getByRole("button").click();
    await page.getByText("image/upload/v1/<img src", { exact: true }).waitFor();
    assert.equal(await page.locator("#refusals img").count(), 0);
    assert.equal(await page.title(), "cloudinary-parse: console");
  });

  test("copies what is needed elsewhere", async () => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const [, row] = await openRefusal("bad_signature");
    const copy = row.getByRole("button", { name: "Copy the message" });
    await copy.click();
    await row.getByText("Copied").waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "Bad signature");
    // As on a page over plain http that is not on this machine.
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true }));
    await row.getByRole("button", { name: "Copy the identifier" }).click();
    await row.getByRole("button", { name: "Copy the identifier" }).getByText("Copied").waitFor();
    await page.evaluate(() => delete navigator.clipboard);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), signed.split("#")[0]);
  });

  test("says where Parse Server is, under which URL it calls, since when the manifests hold, and in which time zone", async () => {
    assert.equal(await page.locator("#parse-server").innerText(), stack.parseServer.url);
    assert.equal(await page.locator("#public-url").innerText(), stack.service.url);
    assert.match(await page.locator("#manifests-since").innerText(), /^\d+ \w+ \d{4}, \d\d:\d\d$/);
    assert.deepEqual(await page.locator(".time-zone").allInnerTexts(), ["UTC", "UTC"]);
  });

  test("says how long the answers of a hook take", async () => {
    for (const kind of ["median", "p95"]) {
      assert.match(await hookRow("Photo.beforeSave").locator(`.${kind}`).innerText(), /^(≤ [\d.]+ (ms|s)|> 10 s)$/);
      assert.equal(await hookRow("sign_widget_upload").locator(`.${kind}`).innerText(), "–");
    }
  });

  test("shows the hooks as Parse Server has them", async () => {
    await page.getByText("1 hook is not registered as the manifests say").waitFor();
    assert.equal(await hookRow("Photo.beforeSave").locator(".registration").innerText(), "current");
    assert.equal(await hookRow("sign_portrait_upload").locator(".registration").innerText(), "missing");
    const other = await page.locator("#other-rows tr").innerText();
    for (const text of ["send_mail", "foreign", ELSEWHERE]) assert.ok(other.includes(text), text);
    await page.getByRole("button", { name: "Ask Parse Server" }).click();
    await page.getByText("1 hook is not registered as the manifests say").waitFor();
  });

  test("reads an identifier that Cloudinary signed", async () => {
    const tool = page.getByRole("form", { name: "Inspect an identifier" });
    await tool.getByLabel(/^Identifier/).fill(signed);
    await tool.getByLabel(/^Identifier/).press("Enter");
    await tool.getByText("Cloudinary signed it").waitFor();
    const result = await tool.getByRole("status").innerText();
    for (const text of ["the current secret", "image", "upload", "png", signed.match(/\/v(\d+)\//)[1]]) assert.ok(result.includes(text), `${text}\n${result}`);
  });

  test("says why an identifier is refused", async () => {
    const tool = page.getByRole("form", { name: "Inspect an identifier" });
    for (const [text, why] of [
      ["cat.jpg", "expected resource_type/type/vVERSION/public_id"],
      ["image/upload/v1/cat.jpg", 'signature: missing, expected one after "#"'],
      [signed.toUpperCase().replace(/^IMAGE\/UPLOAD\/V/, "image/upload/v"), "Cloudinary writes hex digits in lower case"],
      ["image/upload/v1/<b>cat</b>.jpg#aa", "public_id: '<' is not allowed"],
    ]) {
      await tool.getByLabel(/^Identifier/).fill(text);
      await tool.getByRole("button", { name: "Inspect" }).click();
      await tool.getByText(why).waitFor();
      assert.equal(await tool.locator(".bad").innerText(), "Refused");
    }
  });

  test("says which guarded fields would accept it, and why the others would not", async () => {
    const tool = page.getByRole("form", { name: "Inspect an identifier" });
    await tool.getByLabel(/^Identifier/).fill(signed);
    await tool.getByLabel(/Saved by the user with this objectId/).fill("");
    await tool.getByRole("button", { name: "Inspect" }).click();
    const opinionOf = (field) => tool.getByRole("listitem").filter({ hasText: field });
    await opinionOf("Photo.cloudinaryIdentifier").getByText("accepts it").waitFor();
    assert.equal(await tool.getByRole("listitem").count(), 2);
    assert.match(await opinionOf("Portrait.cloudinaryIdentifier").innerText(), /depends on the user\s+The picture must be in users\/\{user\.objectId\}$/);

    await tool.getByLabel(/Saved by the user with this objectId/).fill(user.id);
    await tool.getByRole("button", { name: "Inspect" }).click();
    await opinionOf("Portrait.cloudinaryIdentifier").getByText("refuses it").waitFor();
    await tool.getByText(`folder expected a public_id in folder "users/${user.id}"`).waitFor();

    const { stdout } = await stack.cli(["sign", `folder=users/${user.id}`, "--json"]);
    const own = identifier(await upload(stack.double.url, ACCOUNT.cloud_name, JSON.parse(stdout), picture()));
    await tool.getByLabel(/^Identifier/).fill(own);
    await tool.getByRole("button", { name: "Inspect" }).click();
    await opinionOf("Portrait.cloudinaryIdentifier").getByText("accepts it").waitFor();
    await tool.getByLabel(/Saved by the user with this objectId/).fill("somebody");
    await tool.getByRole("button", { name: "Inspect" }).click();
    await opinionOf("Portrait.cloudinaryIdentifier").getByText("refuses it").waitFor();
  });

  test("shows the identifier in a delivery URL, which is no signature", async () => {
    const tool = page.getByRole("form", { name: "Inspect an identifier" });
    const [bare] = signed.split("#");
    const { stdout } = await stack.cli(["url", bare, "-t", "c_fill,w_10"]);
    await tool.getByLabel(/^Identifier/).fill(stdout.trim());
    await tool.getByRole("button", { name: "Inspect" }).click();
    await tool.getByText("A delivery URL", { exact: true }).waitFor();
    const result = await tool.getByRole("status").innerText();
    for (const text of ["a delivery URL, which carries no signature for saving", `Identifier in it\n${bare}`]) assert.ok(result.includes(text), `${text}\n${result}`);
    await tool.getByRole("button", { name: "Copy the identifier" }).waitFor();
    for (const [text, why] of [
      ["https://res.cloudinary.com/somebody-else/image/upload/v1/cat.jpg", "not a delivery URL of this account: its host or its cloud name is another"],
      ["https://example.com/cat.jpg", "not a delivery URL of this account: its host or its cloud name is another"],
      ["javascript:alert(1)", "expected resource_type/type/vVERSION/public_id"],
    ]) {
      await tool.getByLabel(/^Identifier/).fill(text);
      await tool.getByRole("button", { name: "Inspect" }).click();
      await tool.getByText(why).waitFor();
      assert.equal(await tool.locator(".bad").innerText(), "Refused");
      assert.equal(await tool.getByRole("link").count(), 0);
    }
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
    await tool.getByRole("button", { name: "Build and show" }).click();
    await tool.getByText(/\/s--[\w-]{8}--\//).waitFor();
  });

  test("says so when there is no picture", async () => {
    const tool = page.getByRole("form", { name: "Build a delivery URL" });
    await tool.getByLabel("Identifier", { exact: true }).fill("image/upload/v1/nobody.png");
    await tool.getByRole("button", { name: "Build and show" }).click();
    await tool.getByText("Cloudinary does not deliver a picture at this URL.").waitFor();
    await tool.getByLabel("Identifier", { exact: true }).fill("nobody.png");
    await tool.getByRole("button", { name: "Build and show" }).click();
    await tool.getByText("identifier: expected resource_type/type/vVERSION/public_id").waitFor();
    await tool.getByLabel("Identifier", { exact: true }).fill(signed);
    await tool.getByRole("button", { name: "Build and show" }).click();
    await tool.getByText("Delivered: 320 × 240 pixels.").waitFor();
  });

  test("links a delivery URL over https and nothing else", async () => {
    const tool = page.getByRole("form", { name: "Build a delivery URL" });
    const build = async (url) => {
      const answer = { url, picture: null, https_hosts: ["res.cloudinary.com"] };
      await page.route("**/api/url", (route) => route.fulfill({ json: answer }), { times: 1 });
      await tool.getByRole("button", { name: "Build and show" }).click();
      await tool.locator("pre", { hasText: url }).waitFor();
      return tool.getByRole("link");
    };
    const link = await build("https://res.cloudinary.com/demo/image/upload/v1/cat.jpg");
    assert.equal(await link.getAttribute("href"), "https://res.cloudinary.com/demo/image/upload/v1/cat.jpg");
    assert.deepEqual([await link.getAttribute("rel"), await link.getAttribute("target")], ["noopener noreferrer", "_blank"]);
    for (const url of [
      "javascript:alert(1)",
      "data:text/html,<script>alert(1)</script>",
      "http://res.cloudinary.com/demo/image/upload/v1/cat.jpg",
      "https://res.cloudinary.com.example/demo/image/upload/v1/cat.jpg",
      "https://res.cloudinary.com@example.com/cat.jpg",
      "//res.cloudinary.com/cat.jpg",
      "not a URL",
    ]) {
      assert.equal(await (await build(url)).count(), 0, url);
    }
  });

  test("signs parameters and shows what is signed, the secret masked", async () => {
    const tool = page.getByRole("form", { name: "Sign parameters" });
    await tool.getByLabel(/Parameters/).fill("folder=users/u1\ntags=cat&dog\nempty=\ntimestamp=1700000000");
    await tool.getByRole("button", { name: "Sign", exact: true }).click();
    await tool.getByText("folder=users/u1&tags=cat%26dog&timestamp=1700000000<api_secret>").waitFor();
    const result = await tool.getByRole("status").innerText();
    for (const text of ["sha1, signature version 2", "& is signed as %26", "Left out because empty: empty", ACCOUNT.api_key]) assert.ok(result.includes(text), text);
    assert.ok(!result.includes(ACCOUNT.api_secret));
    for (const [text, why] of [
      ["version=1", "version is not an upload parameter"],
      ["folder", "folder: expected name=value"],
      ["a=1\na=2", "a: given twice, expected once"],
    ]) {
      await tool.getByLabel(/Parameters/).fill(text);
      await tool.getByRole("button", { name: "Sign", exact: true }).click();
      await tool.getByText(why).waitFor();
    }
    await tool.getByLabel(/Parameters/).fill("folder=users/u1\ntags=cat,dog");
    await tool.getByRole("button", { name: "Sign", exact: true }).click();
    await tool.getByText("String to sign", { exact: true }).waitFor();
  });

  test("can be paused", async () => {
    const accepted = await page.locator("#total-accepted").innerText();
    await page.getByRole("button", { name: "Pause updates" }).click();
    await page.getByRole("button", { name: "Resume updates" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Pause updates" }).count(), 0);
    await postHook("/triggers/Photo/beforeSave", { object: { title: "a street" } });
    assert.equal(await page.locator("#total-accepted").innerText(), accepted);
    await page.getByRole("button", { name: "Resume updates" }).click();
    await page.locator("#total-accepted", { hasText: String(Number(accepted) + 1) }).waitFor();
    await page.getByRole("button", { name: "Pause updates" }).waitFor();
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

  test("warns of calls that get no decision, by kind and with what to do", async () => {
    for (let count = 0; count < 3; count += 1) await postHook("/triggers/Photo/beforeSave", { object: {} }, "wrong-key");
    await postHook("/triggers/Unknown/beforeSave", { object: {} });
    const banner = page.locator("#undecided");
    await banner.getByText("4 calls got no decision in the last hour. Parse Server refuses the saves and functions behind them:").waitFor();
    const [first, second] = await banner.getByRole("listitem").allInnerTexts();
    assert.equal(first, "3 unauthorized: the webhook key is wrong or missing. PARSE_SERVER_WEBHOOK_KEY of this service and webhookKey of Parse Server must be the same.");
    assert.match(second, /^1 not_found: Parse Server has a hook registered that no manifest names\./);
    assert.match(await page.locator("#chart-failed").getAttribute("aria-label"), /^Undecided in the last hour: 4, peak [1-4]\/min at \d\d:\d\d$/);
    const kinds = await page.locator("#kinds tr").allInnerTexts();
    assert.deepEqual(kinds.map((text) => text.split(/\s+/)), [
      ["unauthorized", "wrong", "or", "missing", "webhook", "key", "3", "3"],
      ["not_found", "a", "hook", "that", "no", "manifest", "names", "1", "1"],
    ]);
    const overview = await (await fetch(`${stack.service.adminUrl}/api/overview`)).text();
    for (const never of ["wrong-key", "Unknown"]) assert.ok(!overview.includes(never), never);
  });

  for (const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [390, "light"], [390, "dark"]]) {
    test(`fits ${width} pixels in ${colorScheme} colours`, async () => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${overflow} pixels too wide`);
      assert.deepEqual(await page.evaluate(unreadable), []);
      if (SCREENSHOTS) await page.screenshot({ path: path.join(SCREENSHOTS, `console-${width}-${colorScheme}.png`), fullPage: true });
    });
  }

  test("says so when the service is gone, and nothing went wrong before", async () => {
    assert.deepEqual(page.complaints.filter((text) => !/status of (400|404)|the server responded/.test(text)), []);
    await stack.service.stop();
    await page.getByText("cloudinary-parse does not answer. What is shown may be old.").waitFor();
    assert.equal(await page.locator("#ready").innerText(), "no answer");
    assert.match(await page.locator("#ready").getAttribute("class"), /\bbad\b/);
  });
});
