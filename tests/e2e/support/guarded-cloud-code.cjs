/* global Parse */
// An app whose own Cloud Code has the service judge its saves, in every order that apps have.
const { cloudinaryParse } = require("../../../npm/cloudinary-parse");

const pictures = cloudinaryParse();
const LATER = "image/upload/v1/set-by-cloud-code.jpg";

// The whole of it.
for (const name of ["Note", "Album", "Guarded", "Status", "Strict"]) Parse.Cloud.beforeSave(name, (request) => pictures.beforeSave(request));
// Cloud Code that does nothing: what the guarded classes are compared with.
for (const name of ["Inert", "InertNote"]) Parse.Cloud.beforeSave(name, () => {});

Parse.Cloud.beforeSave(Parse.User, (request) => pictures.beforeSave(request));

// The app's own code before it and after it.
Parse.Cloud.beforeSave("Own", async (request) => {
  const { object } = request;
  if (object.get("title") === "forbidden") throw "the app's own refusal";
  object.set("before", true);
  object.increment("saves");
  if (request.context.replace) object.set("picture", request.context.replace);
  await pictures.beforeSave(request);
  object.set("after", object.get("picture") ?? "none");
  if (request.context.setLater) object.set("picture", LATER);
});

// An app that goes on without a picture instead of refusing the save.
Parse.Cloud.beforeSave("Lenient", async (request) => {
  try {
    await pictures.beforeSave(request);
  } catch (error) {
    if (error.reason !== "refused") throw error;
    request.object.unset("picture");
    request.object.set("problem", error.message);
  }
});

// An app that has something to say before.
Parse.Cloud.beforeSave("Picky", async (request) => {
  if (!request.object.get("title")) throw "a title, please";
  await pictures.beforeSave(request);
});

Parse.Cloud.beforeSave("Cleaned", (request) => pictures.beforeSave(request));
Parse.Cloud.afterSave("Cleaned", (request) => pictures.afterSave(request));
Parse.Cloud.afterDelete("Cleaned", (request) => pictures.afterDelete(request));

// What Parse Server would have sent: the same save goes to a recorder, by this package.
if (process.env.RIG_RECORDER) {
  const recorder = cloudinaryParse({ url: process.env.RIG_RECORDER });
  Parse.Cloud.beforeSave("Recorded", (request) => recorder.beforeSave(request));
  Parse.Cloud.afterSave("Recorded", (request) => recorder.afterSave(request));
  Parse.Cloud.afterDelete("Recorded", (request) => recorder.afterDelete(request));
}
