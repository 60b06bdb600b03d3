// An identity provider for the tests: whoever knows the token is who they say.
module.exports = {
  validateAuthData: async ({ token }) => {
    if (token !== "a genuine token") throw new Error("not the provider's token");
  },
  validateAppId: async () => {},
};
