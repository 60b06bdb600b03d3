// Every JavaScript recipe for apps in README.md, docs/mobile.md and docs/data-safety.md, as it stands, in a real Chromium: against a real Parse
// Server and Cloudinary's double. docs/upload-widget.md's has a file of its own.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { chromiumPath, openPage, startBrowser } from "../../scripts/parse-server/browser.mjs";
import { mintIdentifier, picture, rest } from "../../scripts/parse-server/client.mjs";
import { PARSE, REPOSITORY, startService, startStack } from "../../scripts/parse-server/stack.mjs";
import { startServerThat } from "../e2e/support/tampering-proxy.mjs";
import { startAppSite } from "./support/app-site.mjs";

const read = (name) => readFileSync(path.join(REPOSITORY, name), "utf8");
const recipes = (name) => [...read(name).matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code);

/** The recipes by a text that only they hold. */
const RECIPES = [
  ["README.md", "uploadPicture(Parse, file, "],
  ["docs/mobile.md", "function isOutage"],
  ["docs/mobile.md", "photo_thumbnail_url"],
  ["docs/data-safety.md", "photo.increment("],
  ["docs/data-safety.md", "await uploadPhoto(file)"],
];

/** Cloud Code, which runs in `tests/e2e/cloud-code.test.mjs`. */
const CLOUD_CODE = /Parse\.Cloud\.beforeSave\(/;

function recipe(file, text) {
  const found = recipes(file).filter((code) => code.includes(text));
  assert.equal(found.length, 1, `${file}: one recipe with ${text}`);
  return found[0];
}

test("each recipe is tried below", () => {
  for (const file of new Set(RECIPES.map(([file]) => file))) {
    const untried = recipes(file).filter((code) => !CLOUD_CODE.test(code) && !RECIPES.some(([other, text]) => other === file && code.includes(text)));
    assert.deepEqual(untried, [], file);
  }
});

describe("the recipes in Chromium", { skip: !chromiumPath && "Chromium is not installed" }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cloudinary-parse-recipes-"));
  let stack;
  let site;
  let browser;
  let page;

  before(async () => {
    const signs = read("webhooks/sign_cloudinary_upload_request.toml").replace("[upload]", 'response = "request"   # so that the URL is the double\'s\n[upload]');
    const manifests = {
      "sign_cloudinary_upload_request.toml": signs,
      "photo_thumbnail_url.toml": read("webhooks/photo_thumbnail_url.toml"),
      "Photo.toml": 'class = "Photo"\n[fields.cloudinaryIdentifier]\nmax_age = "1h"\n',
    };
    [stack, browser] = await Promise.all([startStack({ folder, manifests }), startBrowser()]);
    const fields = { cloudinaryIdentifier: { type: "String" }, stats: { type: "Object" } };
    await rest(stack.parseServer.url, "POST", "/schemas/Photo", { master: true, body: { className: "Photo", fields } });
    const imports = JSON.stringify({ imports: { "cloudinary-parse/client": "/client.mjs" } });
    site = await startAppSite({
      head: `<script type=importmap>${imports}</script>`,
      files: { "/client.mjs": ["text/javascript", "export const { uploadPicture } = cloudinaryParse;"] },
    });
    page = await openPage(browser);
    await page.goto(site.url);
    await page.evaluate(
      async ({ url, appId, bytes }) => {
        Parse.initialize(appId);
        Parse.serverURL = url;
        await Parse.User.signUp("ann", "a password");
        window.file = new File([Uint8Array.from(bytes)], "cat.png", { type: "image/png" });
        window.uploadPhoto = async (file) => (await cloudinaryParse.uploadPicture(Parse, file)).signed;
        window.thrown = (promise) => promise.then(() => "nothing", ({ code, message }) => ({ code, message }));
      },
      { url: stack.parseServer.url, appId: PARSE.appId, bytes: [...picture()] },
    );
  });
  after(async () => {
    await browser?.close();
    site?.stop();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a module in the page and answers what its `result` is. */
  const run = (code) =>
    page.evaluate(async (code) => {
      const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      return (await import(url)).result;
    }, code);
  const row = async (id) => (await rest(stack.parseServer.url, "GET", `/classes/Photo/${id}`, { master: true })).json;
  const aPhoto = 'const photo = await new Parse.Object("Photo").save({ cloudinaryIdentifier: await uploadPhoto(file), stats: { views: 1 } });\n';
  const uploaded = "const { identifier, response } = await cloudinaryParse.uploadPicture(Parse, file);\n";
  const BARE = /^image\/upload\/v\d+\/[a-z0-9]+\.png$/;

  test("README.md's signs, uploads, saves and shows", async () => {
    const code = `const image = {};\n${recipe("README.md", "uploadPicture(Parse, file, ")}\nexport const result = [photo.id, image.src];`;
    const [id, url] = await run(code);
    const { cloudinaryIdentifier } = await row(id);
    assert.match(cloudinaryIdentifier, BARE);
    assert.equal(url, `https://res.cloudinary.com/demo/${cloudinaryIdentifier}`);
  });

  test("docs/data-safety.md's saves with the signature in the context, beside an Increment", async () => {
    const code = `${aPhoto}${uploaded}const up = response;\n${recipe("docs/data-safety.md", "photo.increment(")}\nexport const result = [photo.id, identifier];`;
    const [id, identifier] = await run(code);
    const { cloudinaryIdentifier, stats } = await row(id);
    assert.deepEqual([cloudinaryIdentifier, stats], [identifier, { views: 2 }]);
  });

  test("docs/mobile.md's shows the thumbnail", async () => {
    const code = `${aPhoto}const image = new Image();\n${recipe("docs/mobile.md", "photo_thumbnail_url")}\nawait image.decode();\nexport const result = [photo.id, image.src, image.naturalWidth];`;
    const [id, url, width] = await run(code);
    const { cloudinaryIdentifier } = await row(id);
    assert.ok(url.endsWith(cloudinaryIdentifier.replace("image/upload/", "image/upload/c_fill,g_face,h_100,w_150/")), url);
    assert.ok(width > 0);
  });

  /** What waits in docs/mobile.md's recipe waits here until the test has done something. */
  const WAITS = "const setTimeout = (resume) => { window.resume = resume; };\n";
  const saving = `${WAITS}${recipe("docs/mobile.md", "function isOutage")}
    const object = new Parse.Object("Photo");
    export const result = await thrown(savePicture(object, "cloudinaryIdentifier", await window.signed).then(() => { window.savedId = object.id; }));`;

  test("docs/mobile.md's saves again after an outage", async () => {
    await page.evaluate(() => void (window.signed = uploadPhoto(file)));
    await page.evaluate(() => window.signed);
    const { service } = stack;
    assert.equal(await service.stop("SIGTERM"), 0);
    const saved = run(saving);
    await page.waitForFunction(() => window.resume);
    stack.service = await startService({ folder: stack.folder, env: { ...service.env, CLOUDINARY_PARSE_BIND: new URL(service.url).host } });
    await page.evaluate(() => window.resume());
    assert.equal(await saved, "nothing");
    assert.match((await row(await page.evaluate(() => window.savedId))).cloudinaryIdentifier, BARE);
  });

  test("docs/mobile.md's does not save again what was refused", async () => {
    await page.evaluate(() => {
      window.resume = undefined;
      window.signed = "image/upload/v1/forged.jpg";
    });
    assert.deepEqual(await run(saving), { code: 141, message: "Bad signature" });
    assert.equal(await page.evaluate(() => window.resume), undefined);
  });

  test("docs/data-safety.md's begins anew with a picture that came too late", async () => {
    const late = mintIdentifier("late", 1700000000);
    const code = `const uploads = [${JSON.stringify(late)}];
      const uploadPhoto = async (file) => uploads.pop() ?? window.uploadPhoto(file);
      ${recipe("docs/data-safety.md", "await uploadPhoto(file)")}
      export const result = (await savePicture(new Parse.Object("Photo"), file)).id;`;
    assert.match((await row(await run(code))).cloudinaryIdentifier, BARE);
  });

  test("saveEventually of the SDK drops even a save without a network", async () => {
    const gone = await startServerThat(() => {});
    gone.stop();
    const left = await page.evaluate(async (url) => {
      const { serverURL } = Parse;
      Parse.serverURL = `${url}/parse`;
      await new Parse.Object("Photo", { cloudinaryIdentifier: "a" }).saveEventually();
      Parse.EventuallyQueue.stopPoll();
      Parse.serverURL = serverURL;
      return Parse.EventuallyQueue.length();
    }, gone.url);
    assert.equal(left, 0);
  });
});
