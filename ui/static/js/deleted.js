// The list of deleted logs, each with a button that restores it.
import { restore } from "./deletion.js";
import { body, fill } from "./fragment.js";

body.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-restore]");
  if (!button) return;
  await restore(button.dataset.restore, button.dataset.name);
  await fill();
  (body.querySelector("[data-restore]") ?? document.getElementById("main")).focus();
});
