// The page shown while the service cannot be reached: in the language of the pages, with the number of files that wait.
// It goes on as soon as the service answers.
import { all } from "./queue.js";

const LONGEST_SEC = 30;
const known = [...document.querySelectorAll("[data-language]")];
const wanted = [localStorage.getItem("faplog-language"), ...navigator.languages].filter(Boolean).map((tag) => tag.slice(0, 2));
const language = wanted.find((one) => known.some((section) => section.dataset.language === one)) || "en";

document.documentElement.lang = language;
for (const section of known) section.hidden = section.dataset.language !== language;
const shown = known.find((section) => !section.hidden);
document.title = `${shown.querySelector("h1").textContent} · faplog`;

const waiting = (await all()).filter((entry) => entry.state === "waiting" || entry.state === "asks").length;
const note = shown.querySelector("[data-files]");
note.hidden = waiting === 0;
note.textContent = note.textContent.replace("{count}", new Intl.NumberFormat(language).format(waiting));

let pause = 2;
async function look() {
  const answer = await fetch("/health", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) return location.reload();
  pause = Math.min(pause * 1.5, LONGEST_SEC);
  setTimeout(look, pause * 1000);
  return undefined;
}
addEventListener("online", () => location.reload());
shown.querySelector("button").addEventListener("click", () => location.reload());
setTimeout(look, pause * 1000);
document.body.dataset.ready = "";
