// Delivery URLs: /cloud/resource_type/type/[s--signature--/][transformation/][vN/]public_id[.format]
import { ApiError } from "./errors.mjs";
import { deliverySignature } from "./signatures.mjs";
import { assetKey } from "./upload.mjs";

const CONTENT_TYPES = { png: "image/png", jpg: "image/jpeg", gif: "image/gif", webp: "image/webp", mp4: "video/mp4" };
// `w_100`, `$size_5`, `fl_progressive.lossy`, `if_w_gt_100`, `t_thumbnail`.
const COMPONENT = /^(\$[a-zA-Z][a-zA-Z0-9]*_.+|[a-z]{1,3}_.+|if_.+)$/;

/**
 * Serves the stored file: transformations are checked for their form, not carried out.
 * @param {string[]} segments the decoded path after the cloud name
 * @returns {{contentType: string, bytes: Buffer, transformation: string}}
 */
export function deliver({ account, assets }, [resourceType, type, ...rest]) {
  const signature = /^s--[\w-]+--$/.test(rest[0] ?? "") ? rest.shift() : undefined;
  const found = findAsset(assets, resourceType, type, rest);
  if (!found) throw new ApiError(404, `Resource not found - ${rest.at(-1)}`);
  const { asset, source, transformation } = found;
  for (const component of transformation.split("/").filter(Boolean).flatMap((part) => part.split(","))) {
    if (!COMPONENT.test(component)) throw new ApiError(400, `Invalid transformation component - ${component}`);
  }

  const needsSignature = type === "authenticated" || (type === "private" && !transformation);
  if (signature || needsSignature) {
    const expected = deliverySignature(account, { resourceType, type, transformation, source });
    if (signature !== expected) throw new ApiError(401, signature ? "Invalid signature in URL" : "Signed URL required");
  }
  return { contentType: CONTENT_TYPES[asset.answer.format] ?? "application/octet-stream", bytes: asset.bytes, transformation };
}

/** A transformation and a folder look alike, so the longest stored public_id wins. */
function findAsset(assets, resourceType, type, segments) {
  for (let start = 0; start < segments.length; start++) {
    for (const skip of /^v\d+$/.test(segments[start]) ? [1, 0] : [0]) {
      const source = segments.slice(start + skip).join("/");
      const names = resourceType === "raw" ? [source] : [source.replace(/\.[^./]+$/, ""), source];
      const key = names.map((name) => assetKey(resourceType, type, name)).find((name) => assets.has(name));
      if (key) return { asset: assets.get(key), source, transformation: segments.slice(0, start).join("/") };
    }
  }
  return undefined;
}
