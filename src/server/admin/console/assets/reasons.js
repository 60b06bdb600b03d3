/** What the labels of refusals mean. */
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
  overtaken: "a client changed the row first",
  context: "context.cloudinary has the wrong type",
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

/** What the labels of undecided calls mean. */
export const KINDS = {
  unauthorized: "wrong or missing webhook key",
  not_found: "a hook that no manifest names",
  method_not_allowed: "another method than POST",
  too_large: "the body is too large",
  bad_request: "not a request of Parse Server's",
  deadline: "took too long",
  panic: "a bug in this service",
};

/** What to do about them. */
export const REMEDIES = {
  unauthorized: "the webhook key is wrong or missing. PARSE_SERVER_WEBHOOK_KEY of this service and webhookKey of Parse Server must be the same.",
  not_found: "Parse Server has a hook registered that no manifest names. cloudinary-parse register --dry-run shows it.",
  method_not_allowed: "something other than Parse Server is calling.",
  too_large: "the body is larger than CLOUDINARY_PARSE_MAX_BODY.",
  bad_request: "something between Parse Server and this service changes bodies. The log says what is wrong.",
  deadline: "a body or an answer took too long. Check whether Parse Server and Cloudinary answer.",
  panic: "a bug in this service. The log names the line.",
};
