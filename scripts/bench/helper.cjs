// The check asked of the service from Cloud Code, by the npm package.
const { cloudinaryParse } = require("../../npm/cloudinary-parse");
const pictures = cloudinaryParse();

Parse.Cloud.beforeSave("Photo", (request) => pictures.beforeSave(request));
