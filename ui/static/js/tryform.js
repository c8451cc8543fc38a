// The form that takes one log without an account. On the landing page the chosen file goes to the trial page.
import { handOver } from "./queue.js";

export const form = document.querySelector("[data-try]");

// Calls `take` with each file that is chosen or dropped.
export function onFile(take) {
  const input = form.querySelector("input");
  input.addEventListener("change", () => { const [file] = input.files; input.value = ""; if (file) take(file); });
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      form.classList.add("is-over");
    });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("is-over"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("is-over");
    const [file] = event.dataTransfer.files;
    if (file && form.isConnected) take(file); // a report has taken the form's place otherwise
  });
}

if (form.dataset.try === "elsewhere") {
  // Without IndexedDB the file has to be chosen again.
  onFile(async (file) => { await handOver(file).catch(() => {}); location.assign("/try"); });
  form.dataset.ready = "";
}
