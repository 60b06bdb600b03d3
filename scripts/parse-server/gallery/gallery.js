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
  const bar = element("progress", { max: 1, value: 0, "aria-label": title });
  const percent = element("span");
  byId("steps").append(item);
  return {
    progress(fraction) {
      if (!bar.parentNode) item.replaceChildren(`${title} … `, bar, " ", percent);
      bar.value = fraction;
      percent.textContent = `${Math.round(fraction * 100)}%`;
    },
    done: (result) => item.replaceChildren(mark("✓", "done"), ` ${title}`, element("code", { text: result })),
    failed: (error) => item.replaceChildren(mark("✗", "failed"), ` ${title}`, element("p", { class: "refused", text: inWords(error) })),
  };
}

function mark(sign, outcome) {
  return element("span", { class: outcome, role: "img", "aria-label": outcome, text: sign });
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

// What Parse Server says, with the code of a refusal, when cloudinary-parse does not answer it.
const OUTAGE = /^((connect|read|write|getaddrinfo) E[A-Z_]+\b|socket hang up$|Malformed response$|\{"status":)/;

/** What went wrong, for the person who uses the app. */
function inWords(error) {
  const { code, message, reason } = error;
  if (!navigator.onLine) return "You are offline. Nothing was saved; try again when you are connected.";
  if (reason === "connection") return `${message}. Nothing was saved; try again later.`;
  if (error instanceof Parse.Error && [1, Parse.Error.CONNECTION_FAILED, Parse.Error.TIMEOUT].includes(code)) {
    return "No connection to Parse Server. Try again later.";
  }
  if (code === Parse.Error.SCRIPT_FAILED && (typeof message !== "string" || OUTAGE.test(message))) {
    return "Pictures cannot be checked at present. Nothing was saved; try again later.";
  }
  const isRefused = error instanceof Parse.Error || reason === "refused";
  return isRefused ? `Refused: ${message}${code ? ` (code ${code})` : ""}` : message;
}

/** `uploadPicture` signs and uploads in one; here each is shown as a step. */
async function upload(picture) {
  let current = begin("Parse Server has the upload signed");
  // What a function whose manifest says `response = "request"` answers by itself.
  const run = async (name, params) => {
    const fields = await Parse.Cloud.run(name, params);
    current.done(`to post: ${Object.keys(fields).join(", ")}`);
    current = begin("The picture goes to Cloudinary");
    current.progress(0);
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
    return element("li", {}, element("p", { class: "refused", text: inWords(error) }));
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
    const isRefused = error instanceof Parse.Error && error.code > Parse.Error.CONNECTION_FAILED;
    byId("account-problem").textContent = isRefused ? error.message : inWords(error);
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
    byId("forge-result").textContent = byId("forge-result").className = "";
    await new Parse.Object("Photo").save({ title: "Forged", cloudinaryIdentifier: identifier.value });
    byId("forge-result").textContent = "Saved: Cloudinary did sign this one.";
    byId("forge-result").className = "saved";
    await showPhotos();
  },
  (error) => {
    byId("forge-result").textContent = inWords(error);
    byId("forge-result").className = "refused";
  },
);

/** The picture that was chosen, before it goes anywhere. */
function showPreview() {
  const [file] = byId("upload-form").elements.picture.files;
  const preview = byId("preview");
  URL.revokeObjectURL(preview.src);
  preview.hidden = !file;
  if (file) preview.src = URL.createObjectURL(file);
  else preview.removeAttribute("src");
}

byId("upload-form").elements.picture.addEventListener("change", showPreview);
// The form is empty only after its event.
byId("upload-form").addEventListener("reset", () => setTimeout(showPreview));

function showConnection() {
  byId("offline").hidden = navigator.onLine;
}

for (const change of ["online", "offline"]) addEventListener(change, showConnection);
showConnection();

byId("log-out").addEventListener("click", async () => {
  await Parse.User.logOut();
  for (const form of document.forms) form.reset();
  for (const id of ["steps", "forge-result", "account-problem"]) byId(id).replaceChildren();
  byId("forge-result").className = byId("account-problem").className = "";
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
