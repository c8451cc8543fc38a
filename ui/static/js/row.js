// The row of one file in the upload list: its status and its actions.
import { inWords } from "./errors.js";
import { percent, size } from "./sending.js";
import { fill, pair, plural, texts } from "./texts.js";

const template = document.getElementById("upload-row");

export function made(entry) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.querySelector(".upload-name").textContent = entry.name;
  row.querySelector(".upload-name").title = entry.name;
  row.querySelector(".upload-size").textContent = size(entry.size);
  row.querySelector("progress").setAttribute("aria-label", entry.name);
  return row;
}

// Updates the row; `loaded` is the percentage of bytes sent.
export function draw(row, entry, loaded, { again, drop }) {
  const bar = row.querySelector("progress");
  const state = row.querySelector(".upload-state");
  const actions = row.querySelector(".upload-actions");
  row.dataset.state = entry.state;
  actions.replaceChildren();
  row.querySelector(".upload-details").replaceChildren();
  bar.hidden = ["asks", "error", "finished"].includes(entry.state);
  if (entry.state === "asks") {
    state.textContent = texts.asks;
    actions.append(action(texts.upload, again), action(texts.remove, drop));
  } else if (entry.state === "waiting") {
    bar.value = loaded;
    state.textContent = entry.problem || (loaded >= 100 ? texts.storing : loaded ? `${texts.sending} ${percent.format(loaded / 100)}` : texts.waiting);
    if (!loaded) actions.append(action(texts.remove, drop));
  } else if (entry.state === "analysing") {
    const done = entry.ids.length - entry.pending;
    if (entry.ids.length > 1) bar.value = (100 * done) / entry.ids.length;
    else bar.removeAttribute("value");
    state.textContent = entry.ids.length > 1 ? fill(texts.someAnalysed, { done, all: entry.ids.length }) : texts.analysing;
  } else if (entry.state === "finished") {
    const failed = entry.failures || [];
    const whole = failed.length === entry.ids.length && failed.length > 0;
    row.classList.toggle("is-act", failed.length > 0);
    state.textContent = whole && failed.length === 1 ? inWords(failed[0])
      : entry.ids.length > 1 ? fill(texts.someAnalysed, { done: entry.ids.length - failed.length, all: entry.ids.length }) : texts.analysed;
    const known = entry.known?.length || 0;
    if (known && entry.ids.length === 1 && !failed.length) state.textContent = texts.alreadyHave;
    if (known && entry.ids.length > 1) note(row, plural(texts.someKnown, known));
    if (failed.length && entry.ids.length > 1) details(row, failed);
    if (whole && failed.length === 1) actions.append(link(texts.details, `/logs/${failed[0].id}`));
    if (!whole) actions.append(link(entry.ids.length > 1 ? texts.openLogs : texts.open, entry.ids.length > 1 ? "/logs?sort=uploaded" : `/logs/${entry.ids[0]}`));
  } else {
    row.classList.add("is-act");
    state.textContent = inWords(entry.problem);
    const gone = entry.problem?.code === "CAR_NOT_FOUND";
    if (!entry.final) actions.append(action(gone ? texts.findCar : texts.retry, again));
    actions.append(action(texts.remove, drop));
  }
  if (entry.carName) note(row, fill(texts.forCar, { name: entry.carName }));
  details(row, entry.refused || []);
  const refused = new Set((entry.refused || []).map((one) => one.fileName));
  const skipped = (entry.skipped || []).filter((name) => !refused.has(name));
  if (skipped.length) note(row, fill(texts.skipped, { names: skipped.slice(0, 5).join(", ") + (skipped.length > 5 ? " …" : "") }));
}

function note(row, text) {
  const item = document.createElement("li");
  item.textContent = text;
  row.querySelector(".upload-details").append(item);
}

function details(row, failed) {
  for (const log of failed.slice(0, 20)) note(row, pair(log.fileName, inWords(log)));
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
