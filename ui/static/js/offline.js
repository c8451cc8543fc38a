// The page shown while the service cannot be reached, with the number of files that wait. It goes on as soon as the
// service answers.
import { all } from "./queue.js";

const LONGEST_SEC = 30;
const waiting = (await all()).filter((entry) => entry.state === "waiting" || entry.state === "asks").length;
const note = document.querySelector("[data-files]");
note.hidden = waiting === 0;
note.textContent = note.textContent.replace("{count}", new Intl.NumberFormat(document.documentElement.lang).format(waiting));

let pause = 2;
async function look() {
  const answer = await fetch("/health", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) return location.reload();
  pause = Math.min(pause * 1.5, LONGEST_SEC);
  setTimeout(look, pause * 1000);
  return undefined;
}
addEventListener("online", () => location.reload());
document.querySelector("main button").addEventListener("click", () => location.reload());
setTimeout(look, pause * 1000);
document.body.dataset.ready = "";
