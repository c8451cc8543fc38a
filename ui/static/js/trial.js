// The trial page: sends one log, shows its report, and keeps the file for an account if the reader wants that.
import { inWords } from "./errors.js";
import { body, show } from "./fragment.js";
import { json } from "./http.js";
import { entryFor, store, takeOver } from "./queue.js";
import { percent, send, wrongWith } from "./sending.js";
import { fill, texts } from "./texts.js";
import { form, onFile } from "./tryform.js";

const BUSY = ["BUSY", "UNAVAILABLE", "TRIAL_RUNNING"];
const progress = document.querySelector(".try-progress");
const bar = progress.querySelector("progress");
const status = progress.querySelector("[role=status]");
const alert = document.querySelector(".try-alert");
let newest = 0;

function say(text, loaded) {
  if (loaded === undefined) bar.removeAttribute("value");
  else bar.value = loaded;
  if (status.textContent !== text) status.textContent = text;
}

function complain(error) {
  progress.hidden = true;
  form.hidden = false;
  alert.textContent = inWords(error);
  alert.hidden = false;
  form.querySelector("input").focus();
}

const pause = (seconds) => new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });

// The answer to a log, once the service is not busy; or an error (`message`, `code`, `params`). Undefined if another
// file was chosen meanwhile.
async function analysed(file, mine) {
  for (;;) {
    say(texts.sending, 0);
    const answer = await send("/try", file, (loaded) => {
      if (mine !== newest) return;
      if (loaded < 100) say(`${texts.sending} ${percent.format(loaded / 100)}`, loaded);
      else say(texts.analysing);
    }).catch(() => null);
    if (mine !== newest) return undefined;
    if (answer && !BUSY.includes(answer.body.code)) return answer;
    if (answer === null && navigator.onLine) return { status: 0, body: { message: texts.away } };
    say(answer ? texts.trialWaits : texts.trialOffline);
    await pause(answer?.retryAfter || 3);
    if (mine !== newest) return undefined;
  }
}

async function run(file) {
  const mine = ++newest;
  alert.hidden = true;
  const problem = file.name.toLowerCase().endsWith(".csv") ? wrongWith(file) : { code: "CSV_EXPECTED" };
  if (problem) return complain(problem);
  form.hidden = true;
  progress.hidden = false;
  progress.querySelector(".upload-name").textContent = file.name;
  const answer = await analysed(file, mine);
  if (!answer) return undefined;
  if (answer.status !== 200) return complain(answer.body.code || answer.body.message ? answer.body : { message: texts.away });
  const html = await report(file.name, answer.body.analysis);
  if (mine !== newest) return undefined;
  if (html === null) return complain({ message: texts.away });
  return present(file, html, answer.body.series);
}

// The report as HTML, rendered by the pages; null if they do not answer.
async function report(fileName, analysis) {
  const response = await fetch("/try/report", json("POST", { fileName, analysis })).catch(() => null);
  return response?.ok ? response.text() : null;
}

function present(file, html, series) {
  const points = document.createElement("script");
  points.type = "application/json";
  points.id = "series";
  points.textContent = JSON.stringify(series);
  document.body.append(points);
  progress.hidden = true;
  show(html);
  const keep = body.querySelector("[data-keep]");
  keep.addEventListener("click", async () => {
    keep.disabled = true;
    try {
      await store(entryFor(file, { unclaimed: true }));
      location.assign(keep.dataset.keep);
    } catch {
      const problem = body.querySelector("[data-keep-problem]");
      problem.textContent = fill(texts.notKept, { name: file.name });
      problem.hidden = false;
    }
  });
  document.getElementById("main").focus();
}

onFile(run);
form.dataset.ready = "";
const given = await takeOver();
if (given) run(given);
