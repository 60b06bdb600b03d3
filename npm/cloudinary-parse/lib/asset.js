// Cloudinary's answer to an upload, and the identifier that is made of it.
"use strict";

const { unusable } = require("./errors.js");

/** An upload's answer, if an identifier can be made of it. */
function checkUploaded(answer) {
  const { resource_type: resourceType, type, version, public_id: publicId, format, signature } = answer;
  const holds = {
    resource_type: ["image", "video", "raw"].includes(resourceType),
    type: typeof type === "string" && /^[a-z_]+$/.test(type),
    version: Number.isSafeInteger(version) && version > 0,
    public_id: typeof publicId === "string" && publicId !== "" && !/[#?&=%<>\\]/.test(publicId),
    signature: isSignature(signature),
    format: resourceType === "raw" || (format ? /^[A-Za-z0-9]{1,16}$/.test(format) : !/\.[^/]*$/.test(publicId)),
  };
  const missing = Object.keys(holds).filter((key) => !holds[key]);
  if (missing.length === 0) return answer;
  throw unusable(`Cloudinary's answer cannot be saved: expected another ${missing.join(", ")}`);
}

/** The identifier as it is stored. For `raw` the extension belongs to the public_id. */
function identifierOf({ resource_type: resourceType, type, version, public_id: publicId, format }) {
  const extension = resourceType === "raw" || !format ? "" : `.${format}`;
  return `${resourceType}/${type}/v${version}/${publicId}${extension}`;
}

function isSignature(text) {
  return typeof text === "string" && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

module.exports = { checkUploaded, identifierOf, isSignature };
