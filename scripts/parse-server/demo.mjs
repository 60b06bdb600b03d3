// The whole way of a picture, as an app with the official Parse SDK goes it. Called by scripts/demo.sh.
//
//   --keep     leaves everything running, with a sample gallery for the browser
//   --stop     ends what --keep left running
//   --port N   Parse Server on port N, the service, its console, the double and the gallery on the four after it
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { bare, cloudinary, countRows, identifier, Parse, picture, signUp, upload, useParseServer } from "./client.mjs";
import { freePort, releaseServers } from "./processes.mjs";
import { ACCOUNT, PARSE, REPOSITORY, startGallery, startStack } from "./stack.mjs";

const RUN_FOLDER = path.join(import.meta.dirname, ".run");
const PIDS = path.join(RUN_FOLDER, "pids.json");
const STOP_TIMEOUT_MS = 15_000;
const {
  values: { keep, stop, port },
} = parseArgs({ options: { keep: { type: "boolean" }, stop: { type: "boolean" }, port: { type: "string" } } });

let stepNumber = 0;
let inStep = "starting";

function step(title) {
  inStep = title;
  console.log(`\n${++stepNumber}. ${title}`);
}

function show(text) {
  console.log(`   ${text}`);
}

/** Ends the demo when something is not as it should be. */
function check(condition, surprise) {
  if (!condition) throw new Error(surprise);
}

/** Runs what must be refused and returns Parse Server's error. */
async function refused(action) {
  try {
    await action();
  } catch (error) {
    if (error instanceof Parse.Error) {
      show(`refused: ${error.message} (code ${error.code})`);
      return error;
    }
    throw error;
  }
  throw new Error("this should have been refused, but was accepted");
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error.code === "ESRCH") return false;
    throw error;
  }
}

/** Ends what an earlier --keep left running, and waits for it. */
async function stopKept() {
  if (!existsSync(PIDS)) return;
  const pids = JSON.parse(readFileSync(PIDS, "utf8")).filter(isRunning);
  pids.forEach((pid) => process.kill(pid));
  for (const deadline = Date.now() + STOP_TIMEOUT_MS; pids.some(isRunning) && Date.now() < deadline; ) await sleep(50);
  rmSync(PIDS);
}

/** The ports that the demo's servers listen on: free ones, or five in a row. */
async function ports() {
  if (port === undefined) return { parseServer: 0, service: await freePort(), console: 0, double: 0, gallery: 0 };
  const first = Number(port);
  return { parseServer: first, service: first + 1, console: first + 2, double: first + 3, gallery: first + 4 };
}

/** Where uploads go, and to which cloud. */
function uploadTarget(cloudinaryUrl) {
  if (!cloudinaryUrl) return { apiUrl: stack.double.url, cloudName: ACCOUNT.cloud_name };
  const { hostname, searchParams } = new URL(cloudinaryUrl);
  return { apiUrl: searchParams.get("upload_prefix") ?? "https://api.cloudinary.com", cloudName: hostname };
}

/** The samples, and a class that the demo's Cloud Code has a trigger for. */
function manifests() {
  const samples = path.join(REPOSITORY, "webhooks");
  const texts = readdirSync(samples).map((name) => [name, readFileSync(path.join(samples, name), "utf8")]);
  return { ...Object.fromEntries(texts), "Album.toml": 'class = "Album"\ncalled_from = "cloud_code"\n\n[fields.cover]\n' };
}

async function createClasses() {
  await new Parse.Schema("Album").addString("title").addString("cover").save();
  for (const name of ["Photo", "Portrait"]) {
    await new Parse.Schema(name).addString("title").addString("cloudinaryIdentifier").save();
  }
}

/** Has an upload signed by `signFunction` and uploads a picture. */
async function signAndUpload(user, signFunction) {
  const fields = await Parse.Cloud.run(signFunction, {}, { sessionToken: user.getSessionToken() });
  show(`${signFunction} answers: ${Object.keys(fields).join(", ")}`);
  const uploaded = await upload(target.apiUrl, target.cloudName, fields, picture());
  uploads.push(uploaded);
  show(`Cloudinary stored ${uploaded.public_id}, version ${uploaded.version}, ${uploaded.width}x${uploaded.height} ${uploaded.format}`);
  return identifier(uploaded);
}

async function photos() {
  const ann = await signUp("ann");
  const asAnn = { sessionToken: ann.getSessionToken() };

  step("Someone without an account asks for a signed upload");
  const stranger = await refused(() => Parse.Cloud.run("sign_cloudinary_upload_request"));
  check(stranger.message === "Needs an authenticated user", "the refusal should say: Needs an authenticated user");

  step("Ann signs up, has an upload signed and sends the picture straight to Cloudinary");
  const signed = await signAndUpload(ann, "sign_cloudinary_upload_request");

  step("Ann saves her photo with Cloudinary's signature");
  const photo = new Parse.Object("Photo", { title: "Our street" });
  await photo.save({ cloudinaryIdentifier: signed }, asAnn);
  show(`sent:   ${signed}`);

  step("Ann reads it back: the signature is gone");
  const stored = (await new Parse.Query("Photo").get(photo.id, asAnn)).get("cloudinaryIdentifier");
  show(`stored: ${stored}`);
  check(stored === bare(signed), `the stored identifier should be ${bare(signed)}`);

  step("Ann saves a picture that Cloudinary never signed");
  const forged = signed.replace(/\/v\d+\/[^#]+/, "/v1700000000/someone-elses-picture.jpg");
  show(`sent:   ${forged}`);
  const refusal = await refused(() => new Parse.Object("Photo").save({ cloudinaryIdentifier: forged }, asAnn));
  check(refusal.code === 141 && refusal.message === "Bad signature", "the refusal should be: Bad signature (code 141)");

  step("Ann gets the URL of a thumbnail, and the picture is there");
  const { url } = await Parse.Cloud.run("photo_thumbnail_url", { objectId: photo.id }, asAnn);
  show(url);
  const thumbnail = await fetch(url);
  check(thumbnail.ok, `the URL answers ${thumbnail.status}`);
  show(`${thumbnail.status} ${thumbnail.headers.get("content-type")}, ${(await thumbnail.arrayBuffer()).byteLength} bytes`);
  return ann;
}

async function portraits(ann) {
  const bob = await signUp("bob");

  step(`Bob uploads a portrait into his own folder, users/${bob.id}, and saves it`);
  const signed = await signAndUpload(bob, "sign_portrait_upload");
  await new Parse.Object("Portrait").save({ cloudinaryIdentifier: signed }, { sessionToken: bob.getSessionToken() });
  show(`sent:   ${signed}`);

  step("Ann tries to pass Bob's portrait off as hers, signature and all");
  const refusal = await refused(() =>
    new Parse.Object("Portrait").save({ cloudinaryIdentifier: signed }, { sessionToken: ann.getSessionToken() }),
  );
  check(/Portrait.*cloudinaryIdentifier/.test(refusal.message), "the refusal should name class and field");
  const rows = await countRows(stack.parseServer.url, "Portrait");
  check(rows === 1, `there should be Bob's portrait alone, there are ${rows}`);
}

async function albums(ann) {
  const asAnn = { sessionToken: ann.getSessionToken() };

  step("Ann saves an album, a class whose own Cloud Code asks cloudinary-parse and then looks for a title");
  const signed = await signAndUpload(ann, "sign_cloudinary_upload_request");
  const save = (attributes) => new Parse.Object("Album").save(attributes, asAnn);
  const forged = await refused(() => save({ title: "Summer", cover: signed.replace(/\/v\d+\//, "/v1700000000/") }));
  check(forged.code === 141 && forged.message === "Bad signature", "the refusal should be: Bad signature (code 141)");
  const untitled = await refused(() => save({ cover: signed }));
  check(untitled.message === "A title, please", "the refusal should be the app's own: A title, please");
  const album = await save({ title: "Summer", cover: signed });
  const stored = (await new Parse.Query("Album").get(album.id, asAnn)).get("cover");
  show(`stored: ${stored}`);
  check(stored === bare(signed), `the stored cover should be ${bare(signed)}`);
}

/** A real account is left as it was. */
async function removeUploads(cloudinaryUrl) {
  const { username: api_key, password: api_secret } = new URL(cloudinaryUrl);
  for (const { public_id } of uploads) {
    const fields = cloudinary.utils.sign_request({ public_id, timestamp: Math.floor(Date.now() / 1000) }, { api_key, api_secret });
    const url = `${target.apiUrl}/v1_1/${target.cloudName}/image/destroy`;
    const { result } = await (await fetch(url, { method: "POST", body: new URLSearchParams(fields) })).json();
    check(result === "ok", `${public_id} should have been removed from the account, but the answer is ${result}`);
  }
}

function showUrls() {
  console.log(`
Everything is still running:
   Sample gallery        ${gallery.url}
   Parse Server          ${stack.parseServer.url}
     application id      ${PARSE.appId}
     master key          ${PARSE.masterKey}
   cloudinary-parse      ${stack.service.url}
     console             ${stack.service.adminUrl}
   Cloudinary            ${target.apiUrl}
   logs                  ${RUN_FOLDER}
End it with: scripts/demo.sh --stop`);
}

await stopKept();
if (stop) process.exit(0);

const realUrl = process.env.CLOUDINARY_URL || undefined;
const uploads = [];
rmSync(RUN_FOLDER, { recursive: true, force: true });
mkdirSync(RUN_FOLDER);
console.log(`Starting Parse Server, cloudinary-parse and ${realUrl ? "no double: uploads go to the Cloudinary account of CLOUDINARY_URL" : "a double of Cloudinary"}`);

let stack;
let target;
let gallery;

try {
  const at = await ports();
  const address = `127.0.0.1:${at.service}`;
  stack = await startStack({
    folder: RUN_FOLDER,
    keep,
    cloudinaryUrl: realUrl,
    manifests: manifests(),
    env: { CLOUDINARY_PARSE_BIND: address, CLOUDINARY_PARSE_ADMIN_BIND: `127.0.0.1:${at.console}` },
    double: { port: at.double },
    // Cloud Code runs in Parse Server's process and must know where the service is.
    parseServer: { port: at.parseServer, env: { PARSE_SERVER_CLOUD: path.join(import.meta.dirname, "demo-cloud.cjs"), CLOUDINARY_PARSE_PUBLIC_URL: `http://${address}` } },
  });
  target = uploadTarget(realUrl);
  useParseServer(stack.parseServer.url);
  await createClasses();
  const ann = await photos();
  await portraits(ann);
  await albums(ann);
  if (realUrl && !keep) await removeUploads(realUrl);
  console.log("\nAll as it should be.");
  if (keep) {
    gallery = await startGallery({ folder: RUN_FOLDER, parseServerUrl: stack.parseServer.url, ...target, port: at.gallery, keep });
    const servers = [stack.parseServer, stack.double, stack.service, gallery].filter(Boolean);
    writeFileSync(PIDS, JSON.stringify(servers.map(({ pid }) => pid)));
    releaseServers();
    showUrls();
  } else {
    await stack.stop();
  }
} catch (error) {
  console.error(`\nNot as it should be, ${stepNumber ? `in step ${stepNumber} (${inStep})` : inStep}: ${error.message}`);
  console.error(`Logs are in ${RUN_FOLDER}`);
  process.exit(1);
}
process.exit(0);
