// The owner's note on a log: added, changed, and deleted with undo.
import { attempt, closeBeside, complain } from "./dialogs.js";
import { body, fill as refill } from "./fragment.js";
import { api, json } from "./http.js";
import { texts } from "./texts.js";
import { toast } from "./toast.js";

const dialog = document.getElementById("log-note-dialog");
const form = dialog.querySelector("form");
const field = document.getElementById("log-note-text");
const place = () => body.querySelector("[data-log-note]");
const back = () => document.getElementById("log-note-edit");

const save = (id, note) => api(`/analyses/${encodeURIComponent(id)}`, json("PATCH", { note }));

async function show() {
  await refill();
  (back() ?? document.getElementById("main")).focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { logNote } = place().dataset;
  if (!await attempt(form, () => save(logNote, field.value.trim() || null), (text) => complain(dialog, text))) return field.focus();
  dialog.close();
  return show();
});

async function remove() {
  const section = place();
  const { logNote, text } = section.dataset;
  const tell = (problem) => toast(problem);
  if (!await attempt(section, () => save(logNote, null), tell)) return;
  await refill();
  toast(texts.noteDeleted, {
    action: texts.undo,
    seconds: 8,
    focused: true,
    onAction: async () => { if (await attempt(body, () => save(logNote, text), tell)) await show(); },
    back,
  });
}

body.addEventListener("click", (event) => {
  if (event.target.closest("[data-log-note-delete]")) remove();
  if (!event.target.closest("[data-log-note-edit]")) return;
  complain(dialog, "");
  field.value = place().dataset.text;
  dialog.showModal();
  field.focus();
});

dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
closeBeside(dialog);
