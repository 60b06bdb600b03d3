// Buttons that copy a text.
import { byId, element, setText } from "/dom.js";

const SHOWN_MS = 2_000;

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Browsers offer that only over https and on this machine. Over plain http they still copy a selection.
  const field = element("textarea", { class: "only-heard", readonly: "" });
  const focused = document.activeElement;
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  if (!copied) throw new Error("the browser does not allow it");
}

/**
 * A button that copies `text`.
 * @param {string} text
 * @param {string} what names it: "the URL", say
 */
export function copyButton(text, what) {
  const button = element("button", { type: "button", class: "copy", "aria-label": `Copy ${what}`, text: "Copy" });
  button.addEventListener("click", async () => {
    let said = "Copied";
    try {
      await copy(text);
    } catch {
      said = "Not copied";
    }
    setText(button, said);
    setText(byId("announcement"), said);
    setTimeout(() => setText(button, "Copy"), SHOWN_MS);
  });
  return button;
}
