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
    if (began && isBeside(event) && !dialog.hasAttribute("aria-busy") && mayLeave()) dialog.close();
    began = false;
  });
}

// Runs `work` with the buttons of a place disabled. The one that was pressed loses the focus by that, and gets it back
// unless `work` has moved it.
export async function withoutButtons(place, work) {
  const pressed = document.activeElement;
  const buttons = [...place.querySelectorAll("button")].filter((button) => !button.disabled);
  buttons.forEach((button) => { button.disabled = true; });
  try {
    return await work();
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
    if (document.activeElement === document.body && buttons.includes(pressed)) pressed.focus({ preventScroll: true });
  }
}

// Keeps a dialog open while `work` runs: neither its buttons nor Escape nor a press beside it close it before it shows the
// outcome.
export async function held(dialog, work) {
  const stay = (event) => { if (event.type === "cancel" || event.key === "Escape") event.preventDefault(); };
  dialog.setAttribute("aria-busy", "true");
  dialog.addEventListener("cancel", stay);
  document.addEventListener("keydown", stay, true); // a disabled button has lost the focus to the page
  try {
    return await withoutButtons(dialog, work);
  } finally {
    dialog.removeAttribute("aria-busy");
    dialog.removeEventListener("cancel", stay);
    document.removeEventListener("keydown", stay, true);
  }
}

// Runs a request with the buttons of its place disabled, and the dialog that it is in held. Returns what `work` returns, or
// true; null if it failed. What hindered it is told to `tell`, by default in the place's alert.
export async function attempt(place, work, tell = (text) => complain(place, text)) {
  const dialog = place.closest("dialog");
  complain(place, "");
  try {
    return (await (dialog ? held(dialog, work) : withoutButtons(place, work))) ?? true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    tell(problem.status ? problem.message : texts.away, problem.status);
    return null;
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
