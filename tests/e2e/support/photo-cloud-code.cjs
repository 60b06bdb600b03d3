/* global Parse */
// An app whose server side replaces and deletes photos.
function photo(id) {
  const photo = new Parse.Object("Photo");
  photo.id = id;
  return photo;
}

Parse.Cloud.define("replacePicture", async ({ params }) => {
  await photo(params.id).save({ picture: params.picture }, { useMasterKey: true });
});

Parse.Cloud.define("deletePhoto", async ({ params }) => {
  await photo(params.id).destroy({ useMasterKey: true });
});
