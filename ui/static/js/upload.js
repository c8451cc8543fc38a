// The upload page: sends two files at a time and shows the progress and errors of each.
import { carOptions } from "./car_options.js";
import { onFiles } from "./dropping.js";
import { api, Problem } from "./http.js";
import { poll } from "./fragment.js";
import { add, all, claimAll, entryFor, onChange, remove, save } from "./queue.js";
import { draw, made } from "./row.js";
import { isFinal, post, wrongWith } from "./sending.js";
import { fill, texts } from "./texts.js";
import { toast } from "./toast.js";

const AT_ONCE = 2;
const AGAIN_MS = 5000;
const form = document.querySelector("[data-upload]");
const input = document.getElementById("files");
const list = document.getElementById("uploads");
const section = document.querySelector(".uploads");
const clearButton = document.querySelector("[data-clear]");
const carField = document.getElementById("upload-car");
const status = document.getElementById("upload-status");

// key → { entry, row, loaded: percent, arrived: whether all of it was sent without an answer that refuses it, sending: the
// AbortController of its request, timer: of the pause before the next one, removed }
const shown = new Map();
const isBusy = ({ sending, timer }) => Boolean(sending || timer);
let running = 0;
let mayRun = false;
let polling = null;

async function take(files) {
  const known = new Set([...shown.values()].filter(({ entry }) => entry.state === "waiting").map(({ entry }) => `${entry.name}/${entry.size}`));
  for (const file of files) {
    if (known.has(`${file.name}/${file.size}`)) continue;
    show(await add(judged(entryFor(file, chosenCar()))));
  }
  start();
}

// The car that was chosen for the next files, as values of their entries. Without a choice it is found by the server.
function chosenCar() {
  const option = carField.selectedOptions[0];
  return option?.value ? { car: option.value, carName: option.textContent } : {};
}

// Offers the cars to choose from, if there are several. A choice stays while its car is there.
async function offerCars() {
  const cars = await carOptions();
  const { value } = carField;
  carField.replaceChildren(carField.options[0], ...cars);
  carField.value = cars.some((car) => car.value === value) ? value : "";
  carField.closest("[data-upload-car]").hidden = cars.length < 2;
}

// The entry, as an error where its file need not be sent at all.
function judged(entry) {
  const problem = wrongWith(entry.file);
  return problem ? { ...entry, file: null, state: "error", final: true, problem } : entry;
}

// An entry of the service worker. Another app shared the file, or a page of another site pretends that: outside the
// installed app the reader is asked before it is sent.
function received(entry) {
  const state = entry.state === "asks" && matchMedia("(display-mode: standalone)").matches ? "waiting" : entry.state;
  return judged({ ...entry, state });
}

// Shows what another page or the service worker has added, and in a page that does not upload what became of the rest.
async function refresh() {
  const before = [...shown.keys()];
  await claimAll(received);
  const stored = new Map((await all()).map((entry) => [entry.key, entry]));
  for (const [key, entry] of stored) {
    const one = shown.get(key);
    if (!one) show(entry);
    else if (!isBusy(one) && (!mayRun || (entry.state === "waiting" && one.entry.state !== "waiting"))) {
      one.entry = entry;
      one.row.classList.toggle("is-act", entry.state === "error");
      tell(key);
    }
  }
  for (const key of before) if (!stored.has(key)) takeAway(key);
  start();
}

let refreshing = Promise.resolve();
onChange(() => { refreshing = refreshing.then(refresh); });

function show(entry) {
  const row = made(entry);
  shown.set(entry.key, { entry, row, loaded: 0 });
  list.append(row);
  section.hidden = false;
  tell(entry.key);
}

function tell(key) {
  if (!shown.has(key)) return; // removed meanwhile
  const { entry, row, loaded } = shown.get(key);
  draw(row, entry, loaded, { again: () => again(key), drop: () => { drop(key); input.focus(); } });
  tally();
}

// Whether nothing more happens to a file by itself: it is analysed, or was refused.
const isOver = ({ state }) => state === "finished" || state === "error";

function tally() {
  const entries = [...shown.values()].map((one) => one.entry);
  clearButton.hidden = !entries.some(isOver);
  const said = fill(texts.progress, { done: entries.filter(isOver).length, all: entries.length });
  if (status.textContent !== said) status.textContent = said; // writing the same text again would repeat the announcement
}

async function drop(key) {
  end(shown.get(key));
  await remove(key);
  takeAway(key);
}

// Ends the request or the pause of a row that is removed.
function end(one) {
  one.removed = true;
  clearTimeout(one.timer);
  one.sending?.abort();
}

function takeAway(key) {
  const one = shown.get(key);
  if (!one) return;
  end(one);
  one.row.remove();
  shown.delete(key);
  if (one.entry.state === "waiting" && one.arrived) toast(fill(texts.mayHaveArrived, { name: one.entry.name }), { seconds: 10 });
  tally();
  section.hidden = shown.size === 0;
  if (mayRun) pump();
}

async function again(key) {
  const one = shown.get(key);
  if (one.entry.problem?.code === "CAR_NOT_FOUND") Object.assign(one.entry, { car: null, carName: null });
  Object.assign(one.entry, { state: "waiting", problem: null });
  one.loaded = 0;
  one.row.classList.remove("is-act");
  await save(one.entry);
  tell(key);
  start();
}

// Only one tab uploads at a time, guarded by a lock.
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
  for (const [key, one] of shown) {
    if (running >= AT_ONCE) return;
    if (one.entry.state === "waiting" && !isBusy(one) && !one.removed) send(key);
  }
  watch();
}

async function send(key) {
  const one = shown.get(key);
  one.sending = new AbortController();
  running += 1;
  try {
    await transfer(key, one, one.sending.signal);
  } finally {
    running -= 1;
    one.sending = null;
  }
  tell(key);
  if (!one.timer) pump();
}

// Sends a file and keeps the outcome in its entry. What may succeed later is sent again after a pause.
async function transfer(key, one, signal) {
  const { entry, arrived } = one;
  const progress = (percent) => {
    one.loaded = percent;
    one.arrived ||= percent >= 100;
    tell(key);
  };
  try {
    const answer = await post(entry.file, progress, entry.car, signal);
    Object.assign(entry, { state: "analysing", file: null, ids: answer.ids, known: answer.known, skipped: answer.skipped, refused: answer.refused, pending: answer.ids.length, problem: null });
    await save(entry);
  } catch (problem) {
    if (signal.aborted) return;
    if (!(problem instanceof Problem)) throw problem;
    one.loaded = 0;
    if (problem.status === 429) one.arrived = arrived;
    if (problem.status === 0 || problem.status >= 500 || problem.status === 429) {
      entry.problem = problem.status === 0 ? texts.offline : texts.busy;
      one.timer = setTimeout(() => resume(one), AGAIN_MS);
      return;
    }
    const final = isFinal(problem);
    Object.assign(entry, { state: "error", problem: problem.error.code ? problem.error : problem.message, final, file: final ? null : entry.file });
    await save(entry);
    if (problem.error.code === "CAR_NOT_FOUND") await offerCars();
  }
}

function resume(one) {
  clearTimeout(one.timer);
  one.timer = null;
  pump();
}

// Polls the progress of the analyses with at most two requests for any number of files.
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
      tell(key);
    }
    const more = [...shown.values()].some(({ entry }) => entry.state === "analysing");
    if (!more) polling = null;
    return more ? (changed ? "changed" : "same") : "done";
  }, { first: 700, longest: 10000 });
}

onFiles(form, input, take);
clearButton.addEventListener("click", () => {
  for (const [key, { entry }] of [...shown]) if (isOver(entry)) drop(key);
});
addEventListener("online", () => { for (const one of shown.values()) if (one.timer) resume(one); });

await Promise.all([refresh(), offerCars()]);
form.dataset.ready = "";
