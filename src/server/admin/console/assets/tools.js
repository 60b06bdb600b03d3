// The three tools: each is a form, a question to the console's API, and its answer as text.
import { copyButton } from "/copy.js";
import { ask, byId, element } from "/dom.js";

const NAMES = {
  secret: "Signed by",
  reason: "Why",
  hint: "Hint",
  tried: "Secrets tried",
  identifier: "Identifier in it",
  resource_type: "Resource type",
  type: "Type",
  version: "Version",
  uploaded_at: "Uploaded at",
  public_id: "Public ID",
  format: "Format",
};

function definitions(pairs) {
  const list = element("dl");
  for (const [name, value] of pairs) list.append(element("dt", { text: name }), element("dd", {}, element("code", { text: value })));
  return list;
}

function problem(text) {
  return element("p", { class: "problem", text });
}

function useTool(id, inputOf, show) {
  const form = byId(id);
  const result = form.querySelector(".result");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const [path, input] = inputOf(new FormData(form));
      result.replaceChildren(...show(await ask(path, input), input));
    } catch (error) {
      result.replaceChildren(problem(error.message));
    }
    button.disabled = false;
  });
}

useTool(
  "identifier-tool",
  (data) => ["/api/identifier", { identifier: data.get("identifier"), user: data.get("user").trim() }],
  ({ valid, fields, ...findings }) => {
    const pairs = Object.entries(findings).filter(([, value]) => value !== null);
    const named = pairs.map(([name, value]) => {
      const text = Array.isArray(value) ? value.join(", ") : name === "secret" ? `the ${value} secret` : value;
      return [NAMES[name] ?? name, text];
    });
    const [kind, verdict] = valid ? ["good", "Cloudinary signed it"] : "identifier" in findings ? ["warn", "A delivery URL"] : ["bad", "Refused"];
    const copy = findings.identifier ? [copyButton(findings.identifier, "the identifier")] : [];
    return [element("span", { class: kind, text: verdict }), definitions(named), ...copy, ...(fields ? opinionsOf(fields) : [])];
  },
);

const VERDICTS = {
  taken: ["good", "accepts it"],
  refused: ["bad", "refuses it"],
  depends_on_user: ["warn", "depends on the user"],
};

function opinionsOf(fields) {
  const title = element("h4", { text: "As a new picture, each guarded field" });
  if (!fields.length) return [title, element("p", { class: "note", text: "No manifest guards a field." })];
  return [title, element("ul", { class: "opinions" }, ...fields.map(opinion))];
}

function opinion({ class: className, field, verdict, broken, folder, confirms }) {
  const [kind, text] = VERDICTS[verdict];
  const reasons = broken.map(({ rule, expected }) => element("p", {}, element("code", { text: rule }), ` ${expected}`));
  const notes = [];
  if (folder !== null) notes.push(element("p", { class: "note", text: "The picture must be in " }, element("code", { text: folder })));
  if (confirms && verdict !== "refused") notes.push(element("p", { class: "note", text: "On a save, Cloudinary is asked about the picture too; not here." }));
  const name = element("span", { class: "name", text: `${className}.${field}` });
  return element("li", {}, name, " ", element("span", { class: kind, text }), ...reasons, ...notes);
}

useTool(
  "url-tool",
  (data) => [
    "/api/url",
    { identifier: data.get("identifier"), transformation: data.get("transformation").trim(), sign: data.has("sign") },
  ],
  ({ url, picture, https_hosts }, { identifier }) => {
    const shown = [element("pre", {}, linkTo(url, https_hosts)), copyButton(url, "the URL")];
    if (picture) shown.push(pictureOf(picture, identifier));
    else shown.push(element("p", { class: "note", text: "A raw file has no picture." }));
    return shown;
  },
);

/** A link, but only to a delivery host over https; anything else stays text. */
function linkTo(url, hosts) {
  const known = URL.canParse(url) ? new URL(url) : undefined;
  if (known?.protocol !== "https:" || !hosts.includes(known.host)) return element("span", { text: url });
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer", text: url });
}

function pictureOf(url, identifier) {
  const image = element("img", { alt: `Delivered picture of ${identifier.split("#")[0]}` });
  const figure = element("div", {}, element("p", { class: "note", text: "Loading the picture…" }), image);
  const [note] = figure.children;
  image.addEventListener("load", () => {
    note.textContent = `Delivered: ${image.naturalWidth} × ${image.naturalHeight} pixels.`;
  });
  image.addEventListener("error", () => {
    image.remove();
    note.replaceWith(problem("Cloudinary does not deliver a picture at this URL. Does the asset exist, and may it be delivered without a signature?"));
  });
  image.src = url;
  return figure;
}

function parametersOf(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  return lines.map((line) => {
    const at = line.indexOf("=");
    if (at < 0) throw new Error(`${line}: expected name=value`);
    return [line.slice(0, at).trim(), line.slice(at + 1).replace(/\r$/, "")];
  });
}

useTool(
  "signature-tool",
  (data) => ["/api/signature", { parameters: parametersOf(data.get("parameters")) }],
  (answer) => {
    const shown = [
      element("h4", { text: "String to sign" }),
      element("pre", { text: answer.string_to_sign }),
      copyButton(answer.string_to_sign, "the string to sign"),
      element("p", { class: "note", text: `${answer.signature_algorithm}, signature version ${answer.signature_version}` }),
    ];
    if (answer.note) shown.push(element("p", { class: "note", text: answer.note }));
    if (answer.left_out.length) shown.push(element("p", { class: "note", text: `Left out because empty: ${answer.left_out.join(", ")}` }));
    const fields = Object.entries(answer.fields);
    const lines = fields.map(([name, value]) => `${name}=${value}`).join("\n");
    return [...shown, element("h4", { text: "Fields to post" }), definitions(fields), copyButton(lines, "the fields")];
  },
);

/** Fills in the inspector from an address such as `#inspect?identifier=…&user=…`. */
function inspectAddressed() {
  const [, query] = location.hash.match(/^#inspect\?(.*)$/) ?? [];
  if (query === undefined) return;
  const input = new URLSearchParams(query);
  const form = byId("identifier-tool");
  form.elements.identifier.value = input.get("identifier") ?? "";
  form.elements.user.value = input.get("user") ?? "";
  form.scrollIntoView();
  form.elements.identifier.focus({ preventScroll: true });
  if (form.checkValidity()) form.requestSubmit();
}

addEventListener("hashchange", inspectAddressed);
inspectAddressed();
