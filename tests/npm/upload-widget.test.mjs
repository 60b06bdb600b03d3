// docs/upload-widget.md's lines as they stand, in a real Chromium, with a stand-in for the Upload Widget: it asks for a signature over what it
// is about to send, and sends exactly this.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { chromiumPath, openPage, startBrowser } from "../../scripts/parse-server/browser.mjs";
import { picture, rest } from "../../scripts/parse-server/client.mjs";
import { ACCOUNT, PARSE, REPOSITORY, startStack } from "../../scripts/parse-server/stack.mjs";
import { startAppSite } from "./support/app-site.mjs";

const GUIDE = readFileSync(path.join(REPOSITORY, "docs/upload-widget.md"), "utf8");
const block = (language) => GUIDE.match(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms"))[1];

/** What apps had in the public reports of "Invalid Signature", as a manifest. */
const REPORTED = `function = "sign_reported"
action = "sign_params"
access = "user"
[upload]
folder = "temp"
eager = "w_400,h_300,c_pad|w_260,h_200,c_crop"
unique_filename = true
use_filename = false
[accept]
upload_preset = ["i0ketrzb"]
custom_coordinates = true
tags = true
context = true
`;

/** Runs in the page. */
function standIn(apiUrl, file) {
  const sent = [];
  const text = (value) => (Array.isArray(value) ? value.join(",") : typeof value === "object" ? Object.entries(value).map((pair) => pair.join("=")).join("|") : value);
  const names = { folder: "folder", uploadPreset: "upload_preset", tags: "tags", context: "context", eager: "eager", publicId: "public_id", useFilename: "use_filename", uniqueFilename: "unique_filename" };
  window.sent = sent;
  window.cloudinary = {
    createUploadWidget: (options, callback) => ({
      async open() {
        const params = { source: "uw", timestamp: Math.floor(Date.now() / 1000) };
        for (const [option, name] of Object.entries(names)) if (options[option] !== undefined) params[name] = text(options[option]);
        if (options.cropping) params.custom_coordinates = "35,39,200,150";
        const signature = await new Promise((resolve) => options.uploadSignature(resolve, { ...params }));
        sent.push(params);
        const form = new FormData();
        for (const [name, value] of Object.entries({ ...params, api_key: options.apiKey, signature })) form.append(name, value);
        form.append("file", new File([Uint8Array.from(file)], "cat.png", { type: "image/png" }));
        const response = await fetch(`${apiUrl}/v1_1/${options.cloudName}/auto/upload`, { method: "POST", body: form });
        const info = await response.json();
        callback(response.ok ? undefined : info.error, response.ok ? { event: "success", info } : undefined);
      },
    }),
  };
}

describe("the Upload Widget", { skip: !chromiumPath && "Chromium is not installed" }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-widget-"));
  let stack;
  let site;
  let browser;
  let page;

  before(async () => {
    const manifests = {
      "sign_widget_upload.toml": block("toml"),
      "sign_reported.toml": REPORTED,
      "Portrait.toml": readFileSync(path.join(REPOSITORY, "webhooks/Portrait.toml"), "utf8"),
    };
    [stack, browser] = await Promise.all([startStack({ folder, manifests }), startBrowser()]);
    await rest(stack.parseServer.url, "POST", "/schemas/Portrait", { master: true, body: { className: "Portrait", fields: { cloudinaryIdentifier: { type: "String" } } } });
    site = await startAppSite();
    page = await openPage(browser);
    await page.goto(site.url);
    await page.evaluate(
      async ({ url, appId }) => {
        Parse.initialize(appId);
        Parse.serverURL = url;
        await Parse.User.signUp("ann", "a password");
        window.signForWidget = cloudinaryParse.signForWidget;
      },
      { url: stack.parseServer.url, appId: PARSE.appId },
    );
    await page.evaluate(`(${standIn})(${JSON.stringify(stack.double.url)}, ${JSON.stringify([...picture()])})`);
  });
  after(async () => {
    await browser?.close();
    site?.stop();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a page's script, whose `show` ends it. */
  const shown = (script) => page.evaluate(`new Promise((show) => {${script.replace('"demo"', `"${ACCOUNT.cloud_name}"`)}\n})`);
  const rows = async () => (await rest(stack.parseServer.url, "GET", "/classes/Portrait", { master: true })).json.results;
  const lastSent = () => page.evaluate(() => sent.at(-1));

  test("has its picture signed, uploaded and saved by the guide's lines", async () => {
    assert.equal(await shown(block("js")), "Saved.");
    const user = await page.evaluate(() => Parse.User.current().id);
    const { timestamp: _, ...params } = await lastSent();
    assert.deepEqual(params, { source: "uw", folder: `users/${user}`, custom_coordinates: "35,39,200,150" });
    const [{ cloudinaryIdentifier }] = await rows();
    assert.match(cloudinaryIdentifier, new RegExp(`^image/upload/v\\d+/users/${user}/\\w+\\.png$`));
  });

  test("is refused another user's folder, in an error that says so", async () => {
    const before = (await rows()).length;
    const message = await shown(block("js").replace("Parse.User.current().id", '"someone-else"'));
    const user = await page.evaluate(() => Parse.User.current().id);
    assert.ok(message.startsWith(`Invalid Signature folder: expected "users/${user}". String to sign - `), message);
    assert.equal((await rows()).length, before);
  });

  test("is refused an option that the manifest does not name, and one that it misses", async () => {
    const message = await shown(block("js").replace("cropping: true", 'cropping: true, tags: ["cat"]'));
    assert.match(message, /^Invalid Signature tags: not accepted, expected only folder, custom_coordinates, source, timestamp\. String/);
    const missing = await shown(block("js").replace(/^ +folder: .*\n/m, ""));
    assert.match(missing, /^Invalid Signature folder: missing, expected "users\/\w+"\. String/);
  });

  const reported = (options) => `
    const fixed = { folder: "temp", eager: "w_400,h_300,c_pad|w_260,h_200,c_crop", uniqueFilename: true, useFilename: false };
    const options = { cloudName: "demo", apiKey: "${ACCOUNT.api_key}", uploadSignature: signForWidget(Parse, "sign_reported"), ...fixed, ...${JSON.stringify(options)} };
    cloudinary.createUploadWidget(options, (error, result) => show(error?.message ?? result.info.public_id)).open();`;
  for (const [name, options] of Object.entries({
    "source and timestamp alone besides what is fixed": {},
    "truth values, a preset and eager transformations": { uploadPreset: "i0ketrzb" },
    "custom_coordinates of a cropped picture": { cropping: true },
    "tags and context": { tags: ["cat", "grüße & co"], context: { alt: "a=b & c" } },
  })) {
    test(`sends ${name} under a good signature`, async () => {
      assert.match(await shown(reported(options)), /^temp\/\w+$/);
    });
  }

  test("shows that nobody is logged in", async () => {
    await page.evaluate(() => Parse.User.logOut());
    assert.match(await shown(reported({})), /^Invalid Signature Needs an authenticated user\. String/);
  });
});
