// An app as its users have it: the official Parse SDK and cloudinary-parse/client.
const { Parse, cloudinaryParse } = window;
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

/** A step that has begun, and what came of it. */
function begin(title) {
  const item = element("li", { text: `${title} …` });
  byId("steps").append(item);
  return {
    progress: (fraction) => (item.textContent = `${title} … ${Math.round(fraction * 100)} %`),
    done: (result) => item.replaceChildren(`✓ ${title}`, element("code", { text: result })),
    failed: (error) => item.replaceChildren(`✗ ${title}`, element("p", { class: "refused", text: refusal(error) })),
  };
}

async function step(title, work, describe) {
  const current = begin(title);
  try {
    const result = await work();
    current.done(describe(result));
    return result;
  } catch (error) {
    current.failed(error);
    throw error;
  }
}

function refusal(error) {
  const isRefused = error instanceof Parse.Error || error.reason === "refused";
  return isRefused ? `Refused: ${error.message}${error.code ? ` (code ${error.code})` : ""}` : error.message;
}

/** `uploadPicture` signs and uploads in one; here each is shown as a step. */
async function upload(picture) {
  let current = begin("Parse Server has the upload signed");
  // What a function whose manifest says `response = "request"` answers by itself.
  const run = async (name, params) => {
    const fields = await Parse.Cloud.run(name, params);
    current.done(`to post: ${Object.keys(fields).join(", ")}`);
    current = begin("The picture goes to Cloudinary");
    return { url: settings.uploadUrl, fields };
  };
  try {
    const onProgress = (fraction) => current.progress(fraction);
    const uploaded = await cloudinaryParse.uploadPicture({ Cloud: { run } }, picture, { onProgress });
    const { public_id, version, width, height } = uploaded.response;
    current.done(`${public_id}, version ${version}, ${width} × ${height}`);
    return uploaded;
  } catch (error) {
    current.failed(error);
    throw error;
  }
}

async function addPicture(picture, title) {
  byId("steps").replaceChildren();
  const { signed } = await upload(picture);
  const photo = new Parse.Object("Photo");
  await step(
    "The photo is saved with Cloudinary's signature",
    () => photo.save({ title, cloudinaryIdentifier: signed }),
    () => signed,
  );
  await step(
    "Read back, the signature is gone",
    () => photo.fetch(),
    () => photo.get("cloudinaryIdentifier"),
  );
  // A start for forging: the same signature, another picture.
  byId("forge-form").elements.identifier.value = signed.replace(/v(\d+)\/[^#.]+/, "v$1/someone-elses-picture");
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
    byId("upload-form").reset();
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
