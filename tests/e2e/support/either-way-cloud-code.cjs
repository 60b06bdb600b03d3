/* global Parse */
// Classes that have the service judge their saves from Cloud Code, beside an app's own logic.
const { cloudinaryParse } = require("../../../npm/cloudinary-parse");

const pictures = cloudinaryParse();

Parse.Cloud.beforeSave("Called", async (request) => {
  await pictures.beforeSave(request);
  if (request.object.get("title") === "") throw "A title, please";
  request.object.set("checked", true);
});
Parse.Cloud.beforeSave("CalledDestroys", (request) => pictures.beforeSave(request));
Parse.Cloud.afterSave("CalledDestroys", (request) => pictures.afterSave(request));
Parse.Cloud.afterDelete("CalledDestroys", (request) => pictures.afterDelete(request));
