// The car's page: its question answered, a guessed car confirmed, and its maintenance notes.
import { MILES } from "./axes.js";
import { attempt, complain } from "./dialogs.js";
import { body, fill as refill } from "./fragment.js";
import { api, json } from "./http.js";
import { fill, texts } from "./texts.js";

const dialog = document.getElementById("note-dialog");
const form = dialog.querySelector("form");
const title = document.getElementById("note-dialog-title");
const deletion = document.getElementById("note-delete-dialog");
const question = document.getElementById("note-delete-title");
const said = document.querySelector("[data-car-said]");
const field = (name) => form.elements.namedItem(name);
let edited = null; // the row of the note that is changed; null for a new one
let doomed = null; // the row of the note that is to be deleted

const send = (path, method, content) => api(path, json(method, content));

// Loads the page's body again, says what was done, and puts the focus where the work goes on.
async function show(words, focus) {
  await refill();
  said.textContent = said.dataset[words];
  (document.getElementById(focus) ?? document.getElementById("main")).focus();
}

const kilometres = (shown) => Math.round(texts.imperial ? shown / MILES : shown);
const shownDistance = (km) => (km === "" ? "" : String(texts.imperial ? Math.round(km * MILES) : km));

function openDialog(row) {
  edited = row;
  form.reset();
  complain(dialog, "");
  title.textContent = title.dataset[row ? "edit" : "new"];
  if (row) {
    const { kind, onDate, km, text } = row.dataset;
    field("kind").value = kind;
    field("onDate").value = onDate;
    field("km").value = shownDistance(km);
    field("text").value = text;
  }
  dialog.showModal();
  field("kind").focus();
}

// What the form says. The distance of a note stays exactly as it is while its field does.
function written() {
  const shown = field("km").value;
  const same = edited && shown === shownDistance(edited.dataset.km);
  const km = same ? edited.dataset.km : shown && kilometres(Number(shown));
  const onDate = field("onDate").value || null;
  const done = onDate && onDate !== edited?.dataset.onDate && onDate <= today() ? { done: true } : {};
  return { kind: field("kind").value, onDate, km: km === "" ? null : Number(km), text: field("text").value, ...done };
}

// Where the reader is: by UTC a day that has begun here may still be in the future.
function today() {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const bad = ["onDate", "km"].find((name) => field(name).validity.badInput || field(name).validity.stepMismatch);
  if (bad) {
    complain(dialog, form.dataset.bad);
    return field(bad).focus();
  }
  const [path, method] = edited ? [`/notes/${edited.dataset.note}`, "PATCH"] : [`/cars/${document.getElementById("notes").dataset.car}/notes`, "POST"];
  const note = await attempt(form, () => send(path, method, written()));
  if (!note) return dialog.querySelector("[data-save]").focus();
  dialog.close();
  return show("saved", `edit-${note.id}`);
});

deletion.querySelector("[data-delete-note]").addEventListener("click", async () => {
  const done = await attempt(deletion, () => send(`/notes/${doomed.dataset.note}`, "DELETE"));
  if (!done) return;
  deletion.close();
  await show("deleted", "note-new");
});

for (const one of [dialog, deletion]) {
  one.addEventListener("click", (event) => { if (event.target.closest("[data-close]")) one.close(); });
}

// A reminder is done from the list, or from the notice that it is due, where its error is shown as well.
async function markDone(button) {
  const id = button.dataset.noteDone || button.closest("[data-note]").dataset.note;
  const place = button.closest("[data-note], [data-due]");
  if (await attempt(place, () => send(`/notes/${id}`, "PATCH", { done: true }))) await show("saved", `edit-${id}`);
}

async function answer(button) {
  const place = button.closest("[data-question]");
  const { answer } = button.dataset;
  const content = answer === "maintenance" ? { answer, kind: document.getElementById("answer-kind").value } : { answer };
  const car = await attempt(place, () => send(`/cars/${place.dataset.question}/answer`, "POST", content));
  if (!car) return;
  const url = new URL(location.href); // after maintenance the guessed car is gone: its logs are of the other one
  url.searchParams.set("car", car.id);
  history.replaceState(null, "", url);
  await show("answered", "main");
}

async function confirmCar(place) {
  if (await attempt(place, () => send(`/cars/${place.dataset.guessed}`, "PATCH", { guessed: false }))) await show("confirmed", "main");
}

body.addEventListener("click", (event) => {
  const asked = (name) => event.target.closest(`[data-${name}]`);
  if (asked("note-new")) openDialog(null);
  else if (asked("note-edit")) openDialog(asked("note-edit").closest("[data-note]"));
  else if (asked("note-delete")) {
    doomed = asked("note-delete").closest("[data-note]");
    question.textContent = fill(question.dataset.title, { name: doomed.querySelector("h3").firstChild.textContent.trim() });
    complain(deletion, "");
    deletion.showModal();
  } else if (asked("note-done")) markDone(asked("note-done"));
  else if (asked("answer")) answer(asked("answer"));
  else if (asked("confirm-car")) confirmCar(asked("guessed"));
});
