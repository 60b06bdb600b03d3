// An app as its users have it: the official Parse SDK, Cloudinary's upload, and nothing between them.
const Parse = window.Parse;
const settings = await (await fetch("/settings.json")).json();
Parse.initialize(settings.applicationId);
Parse.serverURL = settings.serverUrl;

const byId = (id) => document.getElementById(id);

function element(name, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** Shows a step and what came of it. */
async function step(title, work, describe) {
  const item = element("li", { text: `${title} …` });
  byId("steps").append(item);
  try {
    const result = await work();
    item.replaceChildren(title, element("code", { text: describe(result) }));
    return result;
  } catch (error) {
    item.replaceChildren(title, element("p", { class: "refused", text: refusal(error) }));
    throw error;
  }
}

const refusal = (error) => (error instanceof Parse.Error ? `Refused: ${error.message} (code ${error.code})` : error.message);

/** What an app saves: Cloudinary's answer as one text, the signature behind `#`. */
function identifierOf({ resource_type, type, version, public_id, format, signature }) {
  return `${resource_type}/${type}/v${version}/${public_id}${format ? `.${format}` : ""}#${signature}`;
}

async function postToCloudinary(fields, picture) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", picture);
  const response = await fetch(settings.uploadUrl, { method: "POST", body: form });
  const answer = await response.json();
  if (!response.ok) throw new Error(`Cloudinary answers: ${answer.error.message}`);
  return answer;
}

async function addPicture(picture, title) {
  byId("steps").replaceChildren();
  const fields = await step(
    "Parse Server has the upload signed",
    () => Parse.Cloud.run("sign_cloudinary_upload_request"),
    (answer) => `to post: ${Object.keys(answer).join(", ")}`,
  );
  const uploaded = await step(
    "The picture goes to Cloudinary",
    () => postToCloudinary(fields, picture),
    (answer) => `${answer.public_id}, version ${answer.version}, ${answer.width} × ${answer.height}`,
  );
  const identifier = identifierOf(uploaded);
  const photo = new Parse.Object("Photo");
  await step(
    "The photo is saved with Cloudinary's signature",
    () => photo.save({ title, cloudinaryIdentifier: identifier }),
    () => identifier,
  );
  await step(
    "Read back, the signature is gone",
    () => photo.fetch(),
    () => photo.get("cloudinaryIdentifier"),
  );
  // A start for forging: the same signature, another picture.
  byId("forge-form").elements.identifier.value = identifier.replace(/v(\d+)\/[^#.]+/, "v$1/someone-elses-picture");
}

async function thumbnail(photo) {
  const title = photo.get("title") || "Untitled";
  try {
    const { url } = await Parse.Cloud.run("photo_thumbnail_url", { objectId: photo.id });
    return element("li", {}, element("figure", {}, element("img", { src: url, alt: title }), element("figcaption", { text: title })));
  } catch (error) {
    return element("li", {}, element("p", { class: "refused", text: refusal(error) }));
  }
}

async function showPhotos() {
  if (!Parse.User.current()) {
    byId("photos").replaceChildren();
    byId("photos-note").textContent = "Sign up to see the thumbnails.";
    return;
  }
  const photos = await new Parse.Query("Photo").descending("createdAt").limit(24).find();
  byId("photos").replaceChildren(...(await Promise.all(photos.map(thumbnail))));
  byId("photos-note").textContent = photos.length ? "" : "Nothing here yet.";
}

async function showAccount() {
  const user = Parse.User.current();
  byId("who").hidden = !user;
  byId("account").hidden = byId("stranger").hidden = Boolean(user);
  byId("name").textContent = user?.get("username") ?? "";
  await showPhotos();
}

/** Runs a form's work with its buttons off. */
function onSubmit(id, work, failed) {
  byId(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = event.target.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
      await work(event.target.elements, event.submitter?.value);
    } catch (error) {
      failed(error);
    }
    for (const button of buttons) button.disabled = false;
  });
}

onSubmit(
  "account-form",
  async ({ username, password }, action) => {
    byId("account-problem").textContent = "";
    byId("account-problem").className = "";
    await Parse.User[action === "logIn" ? "logIn" : "signUp"](username.value, password.value);
    password.value = "";
    await showAccount();
  },
  (error) => {
    byId("account-problem").textContent = error.message;
    byId("account-problem").className = "refused";
  },
);

onSubmit(
  "upload-form",
  async ({ picture, title }) => {
    await addPicture(picture.files[0], title.value);
    await showPhotos();
  },
  // The step that failed says so itself.
  (error) => console.info(error.message),
);

onSubmit(
  "forge-form",
  async ({ identifier }) => {
    await new Parse.Object("Photo").save({ title: "Forged", cloudinaryIdentifier: identifier.value });
    byId("forge-result").textContent = "Saved: Cloudinary did sign this one.";
    byId("forge-result").className = "saved";
    await showPhotos();
  },
  (error) => {
    byId("forge-result").textContent = refusal(error);
    byId("forge-result").className = "refused";
  },
);

byId("log-out").addEventListener("click", async () => {
  await Parse.User.logOut();
  await showAccount();
});

try {
  await showAccount();
} catch (error) {
  // A session of an earlier run.
  if (error.code !== Parse.Error.INVALID_SESSION_TOKEN) throw error;
  await Parse.User.logOut();
  await showAccount();
}
