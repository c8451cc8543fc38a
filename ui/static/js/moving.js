// Moves the selected logs of the history to another car, with undo.
import { attempt, closeBeside, complain } from "./dialogs.js";
import { carOptions } from "./car_options.js";
import { api, json, Problem } from "./http.js";
import { plural, texts } from "./texts.js";
import { toast, UNDO_SEC } from "./toast.js";

const dialog = document.getElementById("move-dialog");
const form = dialog.querySelector("form");
const select = document.getElementById("move-to");
// What the open dialog is about: the logs that are still `waiting` to be moved (their `id` and the `car` they are of), those
// that were `moved`, the functions `done` and `focus`, and whether the requests are `running`.
let asked = null;

// Loads the cars to choose from, and returns how many there are; 0 if they cannot be loaded.
export async function choices() {
  select.replaceChildren(...await carOptions());
  return select.options.length;
}

// Asks for the car. `done` is called when at least one log was moved, or moved back: with true if none is left to move.
// `focus` returns the element to focus when the offer to undo it is dismissed.
export function move(logs, done, focus) {
  asked = { waiting: logs.map(({ id, car }) => ({ id, car })), moved: [], done, focus, running: false };
  complain(dialog, "");
  dialog.showModal();
}

// Returns whether the log was moved. One that was deleted in another tab is passed over.
async function send(id, car) {
  try {
    await api(`/analyses/${encodeURIComponent(id)}`, json("PATCH", { car }));
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.error.code !== "ANALYSIS_NOT_FOUND") throw problem;
    return false;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const car = select.value;
  const mine = asked;
  const { waiting, moved } = mine;
  mine.running = true;
  const succeeded = await attempt(form, async () => {
    while (waiting.length) {
      if (await send(waiting[0].id, car)) moved.push(waiting[0]);
      waiting.shift();
    }
  }, (text) => complain(dialog, text)).finally(() => { mine.running = false; });
  if (!dialog.open || mine !== asked) await report(mine); // closed all the same, as some browsers let one do
  else if (succeeded) dialog.close();
});

// Moves logs back to where they were, each on its own: what is moved back stays so if another one cannot be.
async function undo(logs, done) {
  let count = 0;
  try {
    for (const { id, car } of logs) if (await send(id, car)) count += 1;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    toast(problem.message);
  }
  if (count) {
    toast(plural(texts.severalMovedBack, count));
    await done(true);
  }
}

// Tells what became of the logs, and offers to undo it.
async function report({ waiting, moved, done, focus }) {
  if (!moved.length && waiting.length) return;
  await done(!waiting.length);
  if (!moved.length) return;
  const known = moved.filter(({ car }) => car);
  toast(plural(texts.severalMoved, moved.length), known.length
    ? { action: texts.undo, seconds: UNDO_SEC, focused: true, onAction: () => undo(known, done), back: focus }
    : {});
}

dialog.addEventListener("close", async () => { if (!asked.running) await report(asked); });
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
closeBeside(dialog);
