// What Parse Server sends by mail goes to a file, a line each.
const { appendFileSync } = require("node:fs");

module.exports = ({ file }) => {
  const keep = (kind) => async ({ link, user }) => appendFileSync(file, `${JSON.stringify({ kind, link, to: user.get("email") })}\n`);
  return { sendVerificationEmail: keep("verification"), sendPasswordResetEmail: keep("reset"), sendMail: async () => {} };
};
