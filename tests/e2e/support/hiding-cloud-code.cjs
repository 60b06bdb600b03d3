/* global Parse */
// An app whose find triggers hide rows from every query, the master key's too.
Parse.Cloud.beforeFind("Photo", ({ query }) => {
  query.equalTo("shown", true);
});
Parse.Cloud.afterFind("Album", ({ objects }) => objects.filter((album) => album.get("shown")));
// Parse Server 9 takes what a beforeFind returns for the answer of the database.
Parse.Cloud.beforeFind("Shelf", () => {
  const shelf = new Parse.Object("Shelf");
  shelf.id = "made-up";
  return [shelf];
});
