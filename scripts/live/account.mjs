// One account: calls of its APIs, signed by the official SDK. What was uploaded is remembered, so that it can be removed.
import { cloudinary } from "../parse-server/client.mjs";

const { api_sign_request: sign } = cloudinary.utils;

/** The account of a `cloudinary://` URL. */
export function openAccount(url) {
  const { username: api_key, password: api_secret, hostname: cloud_name, searchParams } = new URL(url);
  const base = `${searchParams.get("upload_prefix") ?? "https://api.cloudinary.com"}/v1_1/${cloud_name}`;
  const made = new Map();
  const account = { api_key, api_secret, cloud_name };

  /** Parameters with what a call needs besides; `digest`, `version`: how they are signed. */
  function signed(params, { digest = "sha1", version = 2, timestamp = Math.floor(Date.now() / 1000) } = {}) {
    const all = { ...params, timestamp };
    return { ...all, api_key, signature: sign(all, api_secret, digest, version) };
  }

  async function answerOf(response) {
    return { status: response.status, headers: response.headers, json: await response.json().catch(() => ({})) };
  }

  /** Posts fields to the Upload API as they are. */
  async function post(path, fields, { file, headers } = {}) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    if (file) form.append("file", new Blob([file]), "file.png");
    const answer = await answerOf(await fetch(`${base}/${path}`, { method: "POST", body: form, headers }));
    const { public_id, resource_type, type } = answer.json;
    if (public_id && resource_type && type) made.set([resource_type, type, public_id].join("/"), answer.json);
    return answer;
  }

  return {
    ...account,
    signed,
    post,
    upload: (params, file, { kind = "image", headers, ...how } = {}) => post(`${kind}/upload`, signed(params, how), { file, headers }),
    destroy: (publicId, { kind = "image", type = "upload" } = {}) => post(`${kind}/destroy`, signed({ public_id: publicId, type })),
    /** Asks the Admin API. */
    async admin(path, query = []) {
      const headers = { Authorization: `Basic ${btoa(`${api_key}:${api_secret}`)}` };
      return answerOf(await fetch(`${base}/${path}?${new URLSearchParams(query)}`, { headers }));
    },
    /** Fetches an asset by a URL that the SDK builds, from where the account's assets are delivered. */
    async deliver(asset, options) {
      const { public_id, version, format, type } = asset;
      const url = new URL(cloudinary.url(public_id, { ...account, secure: true, urlAnalytics: false, type, version, format, ...options }));
      return (await fetch(new URL(asset.secure_url).origin + url.pathname)).status;
    },
    /** The digest with which a response is signed: `sha1`, `sha256` or neither. */
    digestOf: ({ public_id, version, signature }) =>
      ["sha1", "sha256"].find((digest) => sign({ public_id, version }, api_secret, digest, 1) === signature) ?? "neither",
    /** Removes all that was uploaded; answers what could not be. */
    async removeAll() {
      const left = [];
      for (const [name, { resource_type: kind, type, public_id: publicId }] of made) {
        const { json } = await this.destroy(publicId, { kind, type });
        if (!["ok", "not found"].includes(json.result)) left.push(name);
      }
      return left;
    },
  };
}
