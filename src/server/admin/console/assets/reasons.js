/** What the labels of refusals mean, for whoever does not know them by heart. */
export const WHY = {
  bad_signature: "wrong or missing signature",
  malformed: "not an identifier",
  required: "a picture is required",
  resource_type: "another resource type",
  delivery_type: "another delivery type",
  format: "another format",
  folder: "outside the user's folder",
  age: "too old, or from the future",
  repeated: "a key occurs twice",
  column: "a column that only this service writes",
  items: "too many pictures in an array",
  context: "an ill-typed context",
  needs_user: "no session",
  needs_master: "no full master key",
  needs_role: "the caller lacks the role",
  role_lookup: "the role could not be looked up",
  limited: "too many calls",
  parameter: "a parameter is not accepted",
  image_lookup: "no picture to build a URL of",
  no_asset: "no such asset in Cloudinary",
  bytes: "too many bytes",
  pixels: "too large or too small",
  unconfirmed: "Cloudinary could not be asked",
};

/** What to do about calls that no hook decides on. */
export const REMEDIES = {
  unauthorized: "the webhook key is wrong or missing. PARSE_SERVER_WEBHOOK_KEY of this service and webhookKey of Parse Server must be the same.",
  not_found: "Parse Server has a hook registered that no manifest names. cloudinary-parse register --dry-run shows it.",
  method_not_allowed: "something other than Parse Server calls.",
  too_large: "the body is over CLOUDINARY_PARSE_MAX_BODY.",
  bad_request: "something between Parse Server and this service changes bodies. The log says what is wrong.",
  deadline: "a body or an answer took too long. See whether Parse Server and Cloudinary answer.",
  panic: "a bug in this service. The log names the line.",
};
