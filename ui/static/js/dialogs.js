// What dialogs and forms with an alert have in common.
import { Problem } from "./http.js";
import { texts } from "./texts.js";

// Shows a text in the alert of a place, or hides it if the text is empty.
export function complain(place, text) {
  const alert = place?.querySelector("[role=alert]");
  if (!alert) return;
  alert.textContent = text;
  alert.hidden = !text;
}

// Runs a request with the buttons of its place disabled. Returns what `work` returns, or true; null if it failed. What
// hindered it is told to `tell`, by default in the place's alert.
export async function attempt(place, work, tell = (text) => complain(place, text)) {
  const buttons = [...place.querySelectorAll("button")].filter((button) => !button.disabled);
  complain(place, "");
  buttons.forEach((button) => { button.disabled = true; });
  try {
    return (await work()) ?? true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    tell(problem.status ? problem.message : texts.away, problem.status);
    return null;
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
}

// Copies the text of a field to the clipboard.
export async function copyText(field) {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch { // without TLS there is no clipboard API
    field.select();
    document.execCommand("copy");
  }
}
