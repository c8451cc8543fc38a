// The list of cars: renamed, confirmed, merged, deleted with undo, and restored.
import { attempt, closeBeside, complain } from "./dialogs.js";
import { body, fill as refill } from "./fragment.js";
import { api, json } from "./http.js";
import { fill, texts } from "./texts.js";
import { toast, UNDO_SEC } from "./toast.js";

const said = document.querySelector("[data-cars-said]");
const renaming = document.getElementById("rename-dialog");
const merging = document.getElementById("merge-dialog");
const question = document.getElementById("merge-title");
let asked = null; // the row of the car that an open dialog is about

const rowOf = (id) => body.querySelector(`[data-car="${id}"]`);

const send = (id, path, method, content) => api(`/cars/${encodeURIComponent(id)}${path}`, { ...json(method, content), keepalive: true });

// As `attempt`; a car that was deleted or merged in another tab leaves the list.
const change = (place, tell, work) => attempt(place, work, (text, status) => {
  tell(text, status);
  if (status === 404) refill();
});

// Loads the list again, says what was done, and puts the focus on the car, or on the top of the page if it is gone.
async function show(words, id) {
  await refill();
  said.textContent = said.dataset[words] ?? "";
  (rowOf(id)?.querySelector("[data-rename]") ?? document.getElementById("main")).focus();
}

function open(dialog, row) {
  asked = row;
  complain(dialog, "");
  dialog.showModal();
}

// Sends what a dialog asks for, and closes it if that succeeded.
async function submit(dialog, work) {
  if (!await change(dialog, (text) => complain(dialog, text), work)) return false;
  dialog.close();
  return true;
}

renaming.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { car } = asked.dataset;
  const name = event.target.elements.namedItem("name").value.trim() || null;
  if (await submit(renaming, () => send(car, "", "PATCH", { name }))) await show("renamed", car);
});

merging.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const into = event.target.elements.namedItem("into").value;
  if (await submit(merging, () => send(asked.dataset.car, "/merge", "POST", { into }))) await show("merged", into);
});

for (const dialog of [renaming, merging]) {
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  closeBeside(dialog);
}

function rename(row) {
  const field = document.getElementById("car-name");
  field.value = row.dataset.name;
  open(renaming, row);
  field.select();
}

function merge(row) {
  question.textContent = fill(question.dataset.title, { name: row.dataset.label });
  const others = [...body.querySelectorAll("[data-car]")].filter((other) => other !== row);
  document.getElementById("merge-into").replaceChildren(...others.map((other) => new Option(other.dataset.label, other.dataset.car)));
  open(merging, row);
}

async function confirm(row) {
  const { car } = row.dataset;
  if (await change(row, (text) => toast(text), () => send(car, "", "PATCH", { guessed: false }))) await show("confirmed", car);
}

async function remove(row) {
  const { car, label } = row.dataset;
  let gone = false;
  const deleted = await change(row, (text, status) => { gone = status === 404; toast(text); }, () => send(car, "", "DELETE"));
  if (!deleted && !gone) return;
  row.hidden = true;
  if (deleted) {
    toast(fill(said.dataset.deleted, { name: label }), {
      action: texts.undo,
      seconds: UNDO_SEC,
      focused: true,
      onAction: () => restore(car, label, document.createElement("div")),
      back: () => body.querySelector("[data-rename]"),
    });
  }
  await refill();
  if (gone) document.getElementById("main").focus();
}

async function restore(id, label, place) {
  const tell = (text, status) => toast(status === 404 ? said.dataset.tooLate : text);
  if (await change(place, tell, () => send(id, "/restore", "POST"))) toast(fill(texts.restored, { name: label }));
  await show("", id);
}

body.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const row = button?.closest("[data-car]");
  if (button?.matches("[data-restore]")) restore(button.dataset.restore, button.dataset.label, button.closest("li"));
  else if (!row) return;
  else if (button.matches("[data-rename]")) rename(row);
  else if (button.matches("[data-merge]")) merge(row);
  else if (button.matches("[data-confirm]")) confirm(row);
  else if (button.matches("[data-delete]")) remove(row);
});
