/* global Parse */
// An app that has a trigger of its own for a guarded class.
Parse.Cloud.beforeSave("Note", (request) => {
  request.object.set("seenByCloudCode", true);
});
