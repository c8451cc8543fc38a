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

// Lets a press beside a dialog close it while `mayLeave()` is true. The press must begin and end there: one in the
// dialog's padding has the dialog as its target as well, and so has the end of a selection of text that began inside.
export function closeBeside(dialog, mayLeave = () => true) {
  const isBeside = ({ target, clientX, clientY }) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    return target === dialog && (clientX < left || clientX > right || clientY < top || clientY > bottom);
  };
  let began = false;
  dialog.addEventListener("pointerdown", (event) => { began = isBeside(event); });
  dialog.addEventListener("click", (event) => {
    if (began && isBeside(event) && mayLeave()) dialog.close();
    began = false;
  });
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
