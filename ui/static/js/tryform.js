// The form that takes one log without an account. On the landing page the chosen file goes to the trial page.
import { onFiles } from "./dropping.js";
import { handOver } from "./queue.js";

export const form = document.querySelector("[data-try]");

// Calls `take` with each file that is chosen or dropped.
export function onFile(take) {
  onFiles(form, form.querySelector("input"), ([file]) => {
    if (file && form.isConnected) take(file); // a report has taken the form's place otherwise
  });
}

if (form.dataset.try === "elsewhere") {
  // Without IndexedDB the file has to be chosen again.
  onFile(async (file) => { await handOver(file).catch(() => {}); location.assign("/try"); });
  form.dataset.ready = "";
}
