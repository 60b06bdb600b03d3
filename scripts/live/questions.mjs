// What this service assumes of Cloudinary, each with the call that shows it.
import { picture } from "../parse-server/client.mjs";

const MB = 1024 * 1024;
const message = ({ status, json }) => `${status} ${json.error?.message ?? JSON.stringify(json)}`;
/** A text with what differs from call to call replaced. */
const general = (text, prefix) =>
  text
    .replaceAll(prefix, "PREFIX")
    .replace(/Invalid Signature [0-9a-f]+/, "Invalid Signature HEX")
    .replace(/timestamp=\d+/, "timestamp=N")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000/, "TIME");

/** Not to be had from this account, or not by a program: said, and no difference. */
export class NotSeen extends Error {}

/**
 * @param {ReturnType<import("./account.mjs").openAccount>} account
 * @param {string} prefix of all public IDs
 * @returns {[string, string, () => Promise<string>][]} what is asked, what is assumed, and how it is seen
 */
export function questions(account, prefix) {
  const png = picture(8, 8);
  const id = (name) => `${prefix}/${name}`;
  const put = async (params, how) => (await account.upload(params, png, how)).json;
  const refusal = async (call) => general(message(await call), prefix);

  return [
    ["an upload signed with SHA-1", "200", async () => String((await account.upload({ public_id: id("sha1") }, png)).status)],
    ["an upload signed with SHA-256", "200", async () => String((await account.upload({ public_id: id("sha256") }, png, { digest: "sha256" })).status)],
    ["the signature of an answer, over public_id and version", "sha1 or sha256", async () => {
      const digest = account.digestOf(await put({ public_id: id("answer") }));
      return digest === "neither" ? digest : "sha1 or sha256";
    }],
    ["the same after a call that was signed with SHA-256", "as after SHA-1", async () => {
      const digests = [await put({ public_id: id("d1") }), await put({ public_id: id("d2") }, { digest: "sha256" })].map(account.digestOf);
      return digests[0] === digests[1] ? "as after SHA-1" : digests.join(", then ");
    }],
    ["`&` in a value, signed as version 2", "200", async () => String((await account.upload({ public_id: id("v2"), context: "a=b&c" }, png)).status)],
    ["`&` in a value, signed as version 1", "200", async () => String((await account.upload({ public_id: id("v1"), context: "a=b&c" }, png, { version: 1 })).status)],
    ["a public ID in a folder, and its signature", "folder/name, signed", async () => {
      const answer = await put({ folder: `${prefix}/a`, public_id: "ü b" });
      return answer.public_id === `${prefix}/a/ü b` && account.digestOf(answer) !== "neither" ? "folder/name, signed" : answer.public_id;
    }],
    ["a raw file's extension", "in public_id, no format, signed", async () => {
      const answer = await put({ public_id: id("x.bin") }, { kind: "raw" });
      const whole = answer.public_id === id("x.bin") && answer.format === undefined && account.digestOf(answer) !== "neither";
      return whole ? "in public_id, no format, signed" : JSON.stringify([answer.public_id, answer.format]);
    }],
    ["a second upload of one public ID", "a newer version", async () => {
      const [first, second] = [await put({ public_id: id("again") }), await put({ public_id: id("again") })];
      return second.version > first.version ? "a newer version" : `${first.version}, ${second.version}`;
    }],
    ["with overwrite=0", "existing: true, the old version", async () => {
      const first = await put({ public_id: id("kept") });
      const second = await put({ public_id: id("kept"), overwrite: "0" });
      return second.existing === true && second.version === first.version ? "existing: true, the old version" : JSON.stringify([second.existing, second.version - first.version]);
    }],
    ["async=1", "no version, no signature", async () => {
      const { version, signature } = await put({ public_id: id("async"), async: "1" });
      return version === undefined && signature === undefined ? "no version, no signature" : JSON.stringify({ version, signature });
    }],
    ["eager_async=1", "signed as without", async () => {
      const answer = await put({ public_id: id("eager"), eager: "w_4", eager_async: "1" });
      return account.digestOf(answer) === "neither" ? "not signed" : "signed as without";
    }],
    ["a part that is not the last", "done: false, nothing signed", async () => {
      const headers = { "X-Unique-Upload-Id": id("part").replaceAll("/", "-"), "Content-Range": `bytes 0-${6 * MB - 1}/${6 * MB + 1}` };
      const { json } = await account.upload({ public_id: id("part") }, Buffer.alloc(6 * MB), { kind: "raw", headers });
      return json.done === false && json.signature === undefined ? "done: false, nothing signed" : JSON.stringify(json).slice(0, 80);
    }],
    ["moderation=manual", "pending manual", async () => {
      const { moderation } = await put({ public_id: id("manual"), moderation: "manual" });
      return (moderation ?? []).map(({ status, kind }) => `${status} ${kind}`).join(", ");
    }],
    ["moderation=aws_rek|manual", "pending aws_rek, queued manual", async () => {
      const { status, json } = await account.upload({ public_id: id("two"), moderation: "aws_rek|manual" }, png);
      if (status !== 200) throw new NotSeen(json.error?.message ?? String(status));
      return (json.moderation ?? []).map(({ status: state, kind }) => `${state} ${kind}`).join(", ");
    }],
    ["the Admin API on one asset", "the same version, no signature", async () => {
      const { version } = await put({ public_id: id("admin") });
      const { json } = await account.admin(`resources/image/upload/${id("admin")}`);
      return json.version === version && json.signature === undefined ? "the same version, no signature" : JSON.stringify([json.version, json.signature]);
    }],
    ["the Admin API on one that is not there", "404 Resource not found - PREFIX/none", () => refusal(account.admin(`resources/image/upload/${id("none")}`))],
    ["headers of the Admin API's limit", "limit, remaining, reset", async () => {
      const { headers } = await account.admin("ping");
      const names = ["limit", "remaining", "reset"].filter((name) => headers.has(`x-featureratelimit-${name}`));
      return names.join(", ");
    }],
    ["a listing by public IDs", "those that exist", async () => {
      await put({ public_id: id("listed") });
      const { json } = await account.admin("resources/image/upload", [["public_ids[]", id("listed")], ["public_ids[]", id("none")]]);
      const found = json.resources?.map(({ public_id }) => public_id).join();
      return found === id("listed") ? "those that exist" : String(found);
    }],
    ["a listing by prefix", "page by page, each asset once", async () => {
      for (const name of ["p/1", "p/2"]) await put({ public_id: id(name) });
      const page = (more = []) => account.admin("resources/image/upload", [["prefix", id("p/")], ["max_results", "1"], ...more]);
      const first = (await page()).json;
      const second = (await page([["next_cursor", first.next_cursor]])).json;
      const found = [first, second].flatMap(({ resources }) => resources ?? []).map(({ public_id }) => public_id);
      return found.sort().join() === [id("p/1"), id("p/2")].join() ? "page by page, each asset once" : found.join();
    }],
    ["a cursor that is not one", "400 Invalid value for parameter next_cursor", () =>
      refusal(account.admin("resources/image/upload", [["prefix", id("p/")], ["next_cursor", "not a cursor"]]))],
    ["destroy, twice", "ok, then not found", async () => {
      await put({ public_id: id("doomed") });
      return `${(await account.destroy(id("doomed"))).json.result}, then ${(await account.destroy(id("doomed"))).json.result}`;
    }],
    ["rename with to_type", "the new name and type; the old name is gone", async () => {
      await put({ public_id: id("from") });
      const { json } = await account.post("image/rename", account.signed({ from_public_id: id("from"), to_public_id: id("to"), to_type: "private" }));
      const { status } = await account.admin(`resources/image/upload/${id("from")}`);
      const done = json.public_id === id("to") && json.type === "private" && status === 404;
      return done ? "the new name and type; the old name is gone" : JSON.stringify([json.public_id, json.type, status]);
    }],
    ["a changed parameter", "401 Invalid Signature HEX. String to sign - 'public_id=PREFIX/x&tags=b&timestamp=N'.", () =>
      refusal(account.post("image/upload", { ...account.signed({ public_id: id("x"), tags: "a" }), tags: "b" }, { file: png }))],
    ["a timestamp that is two hours old", "400 Stale request - reported time is TIME which is more than 1 hour ago", () =>
      refusal(account.upload({ public_id: id("x") }, png, { timestamp: Math.floor(Date.now() / 1000) - 7200 }))],
    ["a forbidden public ID", "400 public_id (PREFIX/a#b) is invalid", () => refusal(account.upload({ public_id: id("a#b") }, png))],
    ["what is no picture", "400 Invalid image file", () => refusal(account.upload({ public_id: id("x") }, Buffer.from("hello")))],
    ["a format that is not allowed", "400 Image file format png not allowed", () => refusal(account.upload({ public_id: id("x"), allowed_formats: "jpg" }, png))],
    ["delivery of an authenticated asset: plain, signed, signed for another", "401, 200, 401", async () => {
      const asset = await put({ public_id: id("shut"), type: "authenticated" });
      const other = { ...asset, public_id: id("other") };
      await put({ public_id: id("other"), type: "authenticated" });
      const statuses = [await account.deliver(asset, {}), await account.deliver(asset, { sign_url: true })];
      statuses.push(await account.deliver(other, { sign_url: true, api_secret: "another" }));
      return statuses.join(", ");
    }],
    ["the signature of a notification", "a digest of body, timestamp and secret", async () => {
      throw new NotSeen("needs an address that Cloudinary reaches: see docs/notifications.md");
    }],
    ["delivery by token", "200", async () => {
      throw new NotSeen("needs a token key, which few accounts have");
    }],
  ];
}
