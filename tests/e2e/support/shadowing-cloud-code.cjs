/* global Parse */
// The app before it had webhooks: the old module's trigger and function are still in its Cloud Code.
Parse.Cloud.beforeSave("Note", () => {});
Parse.Cloud.define("sign", () => {
  throw "Needs an authenticated user";
});
// Takes out what it cannot read, so that even a save which cannot be stored is.
Parse.Cloud.beforeSave("Sieve", ({ object }) => {
  for (const [name, value] of Object.entries(object.attributes)) if (value?.__type) object.unset(name);
});
// Its own afterSave, in whose place none of the service's is called.
Parse.Cloud.afterSave("Swept", () => {});
