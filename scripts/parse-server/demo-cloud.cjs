// The demo's Cloud Code: a class with a beforeSave of its own, which asks cloudinary-parse first.
const { cloudinaryParse } = require("../../npm/cloudinary-parse");
const pictures = cloudinaryParse();

Parse.Cloud.beforeSave("Album", async (request) => {
  await pictures.beforeSave(request);
  if (!request.object.get("title")) throw "A title, please";
});
