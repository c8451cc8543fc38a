// The upload page: two files at a time, bytes first, then the analysis; what goes wrong is said at the file.
import { api, Problem } from "./http.js";
import { poll } from "./fragment.js";
import { add, all, remove, save } from "./queue.js";
import { inWords, isFinal } from "./reasons.js";
import { percent, post, size, wrongWith } from "./sending.js";
import { fill, texts } from "./texts.js";

const AT_ONCE = 2;
const AGAIN_MS = 5000;
const form = document.querySelector("[data-upload]");
const input = document.getElementById("files");
const list = document.getElementById("uploads");
const section = document.querySelector(".uploads");
const clearButton = document.querySelector("[data-clear]");
const status = document.getElementById("upload-status");
const template = document.getElementById("upload-row");

const shown = new Map(); // key → { entry, row, loaded }
let running = 0;
let mayRun = false;
let polling = null;

async function take(files) {
  const known = new Set([...shown.values()].filter(({ entry }) => entry.state === "waiting").map(({ entry }) => `${entry.name}/${entry.size}`));
  for (const file of files) {
    if (known.has(`${file.name}/${file.size}`)) continue;
    const problem = wrongWith(file);
    const entry = { name: file.name, size: file.size, file: problem ? null : file, state: problem ? "error" : "waiting", final: Boolean(problem), problem, ids: [] };
    show(await add(entry));
  }
  start();
}

function show(entry) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.querySelector(".upload-name").textContent = entry.name;
  row.querySelector(".upload-name").title = entry.name;
  row.querySelector(".upload-size").textContent = size(entry.size);
  row.querySelector("progress").setAttribute("aria-label", entry.name);
  shown.set(entry.key, { entry, row, loaded: 0 });
  list.append(row);
  section.hidden = false;
  draw(entry.key);
}

function draw(key) {
  const { entry, row, loaded } = shown.get(key);
  const bar = row.querySelector("progress");
  const state = row.querySelector(".upload-state");
  const actions = row.querySelector(".upload-actions");
  row.dataset.state = entry.state;
  actions.replaceChildren();
  row.querySelector(".upload-details").replaceChildren();
  bar.hidden = entry.state === "error" || entry.state === "finished";
  if (entry.state === "waiting") {
    bar.value = loaded;
    state.textContent = entry.problem || (loaded >= 100 ? texts.storing : loaded ? `${texts.sending} ${percent.format(loaded / 100)}` : texts.waiting);
    if (!loaded) actions.append(action(texts.remove, () => drop(key)));
  } else if (entry.state === "analysing") {
    const done = entry.ids.length - entry.pending;
    if (entry.ids.length > 1) bar.value = (100 * done) / entry.ids.length;
    else bar.removeAttribute("value");
    state.textContent = entry.ids.length > 1 ? fill(texts.someAnalysed, { done, all: entry.ids.length }) : texts.analysing;
  } else if (entry.state === "finished") {
    const failed = entry.failures || [];
    const whole = failed.length === entry.ids.length && failed.length > 0;
    row.classList.toggle("is-act", failed.length > 0);
    state.textContent = whole && failed.length === 1 ? inWords(failed[0].message)
      : entry.ids.length > 1 ? fill(texts.someAnalysed, { done: entry.ids.length - failed.length, all: entry.ids.length }) : texts.analysed;
    if (failed.length && entry.ids.length > 1) details(row, failed);
    if (whole && failed.length === 1) actions.append(link(texts.details, `/logs/${failed[0].id}`));
    if (!whole) actions.append(link(entry.ids.length > 1 ? texts.openLogs : texts.open, entry.ids.length > 1 ? "/logs?sort=uploaded" : `/logs/${entry.ids[0]}`));
  } else {
    row.classList.add("is-act");
    state.textContent = inWords(entry.problem);
    if (!entry.final) actions.append(action(texts.retry, () => again(key)));
    actions.append(action(texts.remove, () => drop(key)));
  }
  details(row, entry.refused || []);
  const refused = new Set((entry.refused || []).map((one) => one.fileName));
  const skipped = (entry.skipped || []).filter((name) => !refused.has(name));
  if (skipped.length) {
    const note = document.createElement("li");
    note.textContent = fill(texts.skipped, { names: skipped.slice(0, 5).join(", ") + (skipped.length > 5 ? " …" : "") });
    row.querySelector(".upload-details").append(note);
  }
  const entries = [...shown.values()].map((one) => one.entry);
  clearButton.hidden = !entries.some((one) => one.state === "finished");
  status.textContent = fill(texts.progress, { done: entries.filter((one) => one.state === "finished" || one.state === "error").length, all: entries.length });
}

function details(row, failed) {
  for (const log of failed.slice(0, 20)) {
    const item = document.createElement("li");
    item.textContent = fill(texts.fileSays, { name: log.fileName, text: inWords(log.message) });
    row.querySelector(".upload-details").append(item);
  }
}

function action(text, onClick) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm btn-quiet";
  button.textContent = text;
  button.addEventListener("click", onClick);
  return button;
}

function link(text, href) {
  const anchor = document.createElement("a");
  anchor.className = "btn btn-sm btn-quiet";
  anchor.href = href;
  anchor.textContent = text;
  return anchor;
}

async function drop(key) {
  await remove(key);
  shown.get(key)?.row.remove();
  shown.delete(key);
  section.hidden = shown.size === 0;
}

async function again(key) {
  const one = shown.get(key);
  Object.assign(one.entry, { state: "waiting", problem: null });
  one.loaded = 0;
  one.row.classList.remove("is-act");
  await save(one.entry);
  draw(key);
  start();
}

// One tab sends at a time: the others show what it does when they are opened anew.
function start() {
  if (mayRun) return pump();
  if (!navigator.locks) { mayRun = true; return pump(); }
  navigator.locks.request("faplog-uploads", async () => {
    if (mayRun) return undefined;
    mayRun = true;
    pump();
    return new Promise(() => {});
  });
  return undefined;
}

function pump() {
  for (const [key, { entry, busy }] of shown) {
    if (running >= AT_ONCE) return;
    if (entry.state === "waiting" && !busy) send(key);
  }
  watch();
}

async function send(key) {
  const one = shown.get(key);
  one.busy = true;
  running += 1;
  try {
    const answer = await post(one.entry.file, (percent) => { one.loaded = percent; draw(key); });
    Object.assign(one.entry, { state: "analysing", file: null, ids: answer.ids, skipped: answer.skipped, refused: answer.refused, pending: answer.ids.length, problem: null });
    await save(one.entry);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    one.loaded = 0;
    if (problem.status === 0 || problem.status >= 500 || problem.status === 429) {
      one.entry.problem = problem.status === 0 ? texts.offline : texts.busy;
      one.timer = setTimeout(() => resume(one), AGAIN_MS);
      draw(key);
      running -= 1;
      return;
    }
    const final = isFinal(problem);
    Object.assign(one.entry, { state: "error", problem: problem.message, final, file: final ? null : one.entry.file });
    await save(one.entry);
  }
  running -= 1;
  one.busy = false;
  draw(key);
  pump();
}

function resume(one) {
  clearTimeout(one.timer);
  one.timer = null;
  one.busy = false;
  pump();
}

// How far the analyses are: two questions for any number of files.
function watch() {
  if (polling || ![...shown.values()].some(({ entry }) => entry.state === "analysing")) return;
  polling = poll(async () => {
    const processing = await api("/analyses?status=Processing&limit=100");
    const open = new Set(processing.data.map((log) => log.id));
    const complete = processing.pagination.totalPages <= 1;
    let changed = false;
    let failures = null;
    for (const [key, { entry }] of shown) {
      if (entry.state !== "analysing") continue;
      const pending = complete ? entry.ids.filter((id) => open.has(id)).length : Math.min(entry.ids.length, processing.pagination.totalItems);
      if (pending !== entry.pending) changed = true;
      entry.pending = pending;
      if (pending === 0) {
        failures ??= (await api("/analyses?status=Failed&limit=100&sortBy=createdAt&order=desc")).data;
        Object.assign(entry, { state: "finished", failures: failures.filter((log) => entry.ids.includes(log.id)) });
        await save(entry);
      }
      draw(key);
    }
    const more = [...shown.values()].some(({ entry }) => entry.state === "analysing");
    if (!more) polling = null;
    return more ? (changed ? "changed" : "same") : "done";
  }, { first: 700, longest: 10000 });
}

input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
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
  take([...event.dataTransfer.files]);
});
clearButton.addEventListener("click", () => {
  for (const [key, { entry }] of [...shown]) if (entry.state === "finished") drop(key);
});
addEventListener("online", () => { for (const one of shown.values()) if (one.timer) resume(one); });

for (const entry of await all()) show(entry);
start();
form.dataset.ready = "";
