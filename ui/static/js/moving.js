// Moves the selected logs of the history to another car.
import { attempt, complain } from "./dialogs.js";
import { load } from "./fragment.js";
import { api, json, Problem } from "./http.js";
import { plural, texts } from "./texts.js";
import { toast } from "./toast.js";

const dialog = document.getElementById("move-dialog");
const form = dialog.querySelector("form");
const select = document.getElementById("move-to");
let waiting = []; // the logs that are still to be moved
let count = 0; // how many have been moved
let done = null;

// Loads the cars to choose from, and returns how many there are; 0 if they cannot be loaded.
export async function choices() {
  try {
    select.innerHTML = await load("/cars/choices");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return 0;
  }
  return select.options.length;
}

// Asks for the car. `finished` is called when the dialog is closed and at least one log was moved: with true if all were.
export function move(ids, finished) {
  [waiting, count, done] = [[...ids], 0, finished];
  complain(dialog, "");
  dialog.showModal();
}

// Logs that were deleted in another tab are passed over.
async function moveOne(id, car) {
  try {
    await api(`/analyses/${encodeURIComponent(id)}`, json("PATCH", { car }));
    count += 1;
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.error.code !== "ANALYSIS_NOT_FOUND") throw problem;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const car = select.value;
  await attempt(form, async () => {
    while (waiting.length) {
      await moveOne(waiting[0], car);
      waiting.shift();
    }
    dialog.close();
  }, (text) => complain(dialog, text));
});

dialog.addEventListener("close", () => {
  if (count) toast(plural(texts.severalMoved, count));
  if (count || !waiting.length) done(!waiting.length);
});
dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target.closest("[data-close]")) dialog.close(); });
