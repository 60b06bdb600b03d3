// `cloudinary-parse/client` in a real Chromium, with the official Parse SDK for browsers.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { chromiumPath, hostsOf, openPage, startBrowser } from "../../scripts/parse-server/browser.mjs";
import { picture, rest } from "../../scripts/parse-server/client.mjs";
import { PARSE, startStack } from "../../scripts/parse-server/stack.mjs";
import { startAppSite } from "./support/app-site.mjs";
import { startFaultyCloudinary } from "./support/faulty-cloudinary.mjs";

const MB = 1_000_000;

describe("uploadPicture in Chromium", { skip: !chromiumPath && "Chromium is not installed" }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-client-"));
  let double;
  let stack;
  let site;
  let browser;
  let page;

  before(async () => {
    [double, browser] = await Promise.all([startFaultyCloudinary(folder), startBrowser()]);
    const manifests = {
      "sign.toml": 'function = "sign"\naction = "sign_upload"\nresponse = "request"\n[upload]\ntags = "{user.username}"\n',
      "Photo.toml": 'class = "Photo"\n[fields.picture]\n',
    };
    stack = await startStack({ manifests, cloudinaryUrl: double.cloudinaryUrl, folder });
    await rest(stack.parseServer.url, "POST", "/schemas/Photo", { master: true, body: { className: "Photo", fields: { picture: { type: "String" } } } });
    site = await startAppSite();
    page = await openPage(browser);
    await page.goto(site.url);
    await page.evaluate(
      async ({ url, appId, bytes }) => {
        Parse.initialize(appId);
        Parse.serverURL = url;
        await Parse.User.signUp("ann", "a password");
        window.bytes = Uint8Array.from(bytes);
        window.upload = async (size, options) => {
          const fractions = (window.fractions = []);
          const file = new File([bytes, new Uint8Array(size - bytes.length)].map((part) => Uint8Array.from(part)), "cat.png", { type: "image/png" });
          try {
            const uploaded = await cloudinaryParse.uploadPicture(Parse, file, { function: "sign", onProgress: (fraction) => fractions.push(fraction), ...options });
            return { ...uploaded, fractions };
          } catch ({ name, message, reason, canRetry, status }) {
            return { failed: { name, message, reason, canRetry, ...(status && { status }) }, fractions };
          }
        };
      },
      { url: stack.parseServer.url, appId: PARSE.appId, bytes: [...picture()] },
    );
  });
  after(async () => {
    await browser?.close();
    site?.stop();
    await stack?.stop();
    await double?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    double.calls.length = double.faults.length = 0;
  });

  const upload = (size) => page.evaluate((size) => upload(size), size);
  const starts = () => double.calls.map((headers) => headers["content-range"]?.match(/\d+/)[0]);
  const grows = (numbers) => numbers.every((number, index) => index === 0 || number > numbers[index - 1]);

  test("uploads a picture that a guarded field takes", async () => {
    const { identifier, response, fractions } = await page.evaluate(async () => {
      const uploaded = await upload(2000);
      const photo = await new Parse.Object("Photo").save({ picture: uploaded.signed });
      await photo.fetch();
      return { ...uploaded, identifier: photo.get("picture") };
    });
    assert.match(identifier, /^image\/upload\/v\d+\/[a-z0-9]+\.png$/);
    assert.deepEqual([response.tags, response.original_filename, fractions.at(-1)], [["ann"], "cat", 1]);
  });

  test("sends a large file in parts, after preflights, and tells how far it is within each", async () => {
    // Each of the first two parts is read to its end only when the page has told of its beginning.
    const isWithin = (first, end) => page.waitForFunction(`window.fractions?.some((fraction) => fraction > ${first / 45} && fraction < ${end / 45})`);
    double.faults.push({ reading: isWithin(0, 20) }, { reading: isWithin(20, 40) });
    const { response, fractions } = await upload(45 * MB);
    assert.equal(response.bytes, 45 * MB);
    assert.deepEqual(starts(), ["0", "20000000", "40000000"]);
    assert.equal(new Set(double.calls.map((headers) => headers["x-unique-upload-id"])).size, 1);
    assert.ok(grows(fractions) && fractions.at(-1) === 1, `${fractions}`);
  });

  test("sends the part again that was lost, and does not go back", async () => {
    double.faults.push({}, { reset: true });
    const { response, fractions } = await upload(45 * MB);
    assert.equal(response.bytes, 45 * MB);
    assert.deepEqual(starts(), ["0", "20000000", "20000000", "40000000"]);
    assert.ok(grows(fractions), `${fractions}`);
  });

  test("tells a refusal in Cloudinary's words", async () => {
    double.faults.push({ status: 400, body: { error: { message: "Invalid image file" } } });
    const { failed } = await upload(2000);
    assert.deepEqual(failed, { name: "UploadError", message: "Invalid image file", reason: "refused", canRetry: false, status: 400 });
    assert.equal(double.calls.length, 1);
  });

  test("gives up after four tries without a connection", async () => {
    double.faults.push(...Array(8).fill({ reset: true }));
    const { failed } = await upload(2000);
    assert.deepEqual(failed, { name: "UploadError", message: "No connection to Cloudinary", reason: "connection", canRetry: true });
  });

  test("aborts what is under way", async () => {
    let hung;
    const arrived = new Promise((resolve) => (hung = resolve));
    double.faults.push({ hang: hung });
    const failed = page.evaluate(async () => {
      window.controller = new AbortController();
      return (await upload(2000, { signal: controller.signal })).failed.name;
    });
    await arrived;
    await page.evaluate(() => controller.abort());
    assert.equal(await failed, "AbortError");
    assert.equal(double.calls.length, 1);
  });

  test("talks to Parse Server and Cloudinary only", () => {
    const known = [site.url, stack.parseServer.url, double.url].map((url) => new URL(url).host);
    assert.deepEqual(hostsOf(page).filter((host) => host && !known.includes(host)), []);
  });
});
