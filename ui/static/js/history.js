// The list of logs: search while typing, deletion with undo, and live status.
import { carOptions } from "./car_options.js";
import { remove, removeSeveral } from "./deletion.js";
import { body, fill, load, poll, whenFilled } from "./fragment.js";
import { choices, move } from "./moving.js";
import { plural, texts } from "./texts.js";

const finder = document.querySelector(".finder");
let stop = null;

function address() {
  const wanted = new URL("/logs", location.href);
  for (const [name, value] of new FormData(finder)) if (value && !(name === "sort" && value === "newest")) wanted.searchParams.set(name, value);
  return wanted;
}

let typing = null;
function find(pause) {
  clearTimeout(typing);
  typing = setTimeout(() => {
    history.replaceState(null, "", address());
    fill();
  }, pause);
}

finder.addEventListener("submit", (event) => { event.preventDefault(); find(0); });
finder.q.addEventListener("input", () => find(250));
finder.show.addEventListener("change", () => find(0));
finder.sort.addEventListener("change", () => find(0));
for (const name of ["car", "from", "to"]) finder.elements[name].addEventListener("change", () => find(0));

body.addEventListener("click", async (event) => {
  const step = event.target.closest(".pages a");
  if (step && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    history.pushState(null, "", step.href);
    fill().then(() => scrollTo({ top: 0 }));
    return;
  }
  if (event.target.closest("[data-compare-selected]")) return compareSelected();
  if (event.target.closest("[data-select]")) return select(!selecting);
  if (event.target.closest("[data-select-all]")) return pickAll();
  if (event.target.closest("[data-delete-selected]")) return removeSelected();
  if (event.target.closest("[data-move-selected]")) return move(pickedRows(), moved, back);
  const button = event.target.closest("[data-delete]");
  if (!button) return;
  const row = button.closest("li");
  const { id, name } = row.dataset;
  const place = [...row.parentElement.children].indexOf(row);
  const following = () => [...body.querySelectorAll("[data-delete]")].slice(0, place + 1).at(-1);
  if (!await remove(id, name, { restored: () => show(id), back: following })) return;
  row.hidden = true;
  await fill();
});

// Selection: boxes take the place of the marks, and what is picked is deleted at once.
let selecting = false;
let severalCars = false;
let outdated = false; // the order has changed since, but the list stays while logs are being selected
const boxes = () => [...body.querySelectorAll("[data-pick]")];
const pickedRows = () => boxes().filter((box) => box.checked).map((box) => box.closest("li").dataset);
const picked = () => pickedRows().map(({ id }) => id);

function select(on) {
  selecting = on;
  for (const box of boxes()) if (!on) box.checked = false;
  tellSelection();
  if (!on && outdated) fill().then(() => (back() ?? document.getElementById("main")).focus());
  if (on) choices().then((count) => { severalCars = count > 1; tellSelection(); });
}

function pickAll() {
  const all = boxes().every((box) => box.checked);
  for (const box of boxes()) box.checked = !all;
  tellSelection();
}

// Two logs with a result can be compared.
const comparable = () => picked().length === 2 && boxes().every((box) => !box.checked || box.closest("li").dataset.status === "Success");

// The older one first, as far as the order of the list tells.
function compareSelected() {
  const pair = picked();
  const [a, b] = finder.sort.value === "oldest" ? pair : pair.reverse();
  location.assign(`/compare?${new URLSearchParams({ a, b })}`);
}

function tellSelection() {
  const button = body.querySelector("[data-select]");
  if (!button) { selecting = false; return; }
  button.setAttribute("aria-pressed", String(selecting));
  body.querySelector(".logs").classList.toggle("is-selecting", selecting);
  const [all, act] = ["[data-select-all]", "[data-delete-selected]"].map((name) => body.querySelector(name));
  all.hidden = act.hidden = !selecting;
  body.querySelector("[data-table]").hidden = selecting;
  const other = body.querySelector("[data-move-selected]");
  other.hidden = !selecting || !severalCars;
  other.disabled = picked().length === 0;
  act.disabled = picked().length === 0;
  const pair = body.querySelector("[data-compare-selected]");
  pair.hidden = !selecting;
  pair.disabled = !comparable();
  act.querySelector("[data-selected]").textContent = plural(texts.deleteSelected, picked().length);
}

const back = () => body.querySelector("[data-select]");

async function removeSelected() {
  const ids = picked();
  if (!await removeSeveral(ids, { restored: () => fill().then(() => (back() ?? document.getElementById("main")).focus()), back })) return;
  selecting = false;
  await fill();
}

// After a move, or after it was undone.
async function moved(all) {
  if (all) selecting = false;
  if (!await offerCars()) { // a guessed car is gone with its last log
    finder.elements.car.value = "";
    history.replaceState(null, "", address());
    offerCars();
  }
  await fill();
  (back() ?? document.getElementById("main")).focus();
}

// Offers the cars to filter by, if there are several, or if one that is gone is asked for. Returns whether it is there.
async function offerCars() {
  const cars = await carOptions();
  const place = finder.querySelector("[data-car-filter]");
  const { value } = finder.elements.car;
  const known = !value || !cars.length || cars.some((car) => car.value === value); // without a list it may be there
  finder.elements.car.replaceChildren(finder.elements.car.options[0], ...(known && cars.length ? [] : [finder.elements.car.selectedOptions[0]]), ...cars);
  finder.elements.car.value = value;
  place.hidden = cars.length < 2 && !value;
  return known;
}

body.addEventListener("change", (event) => { if (event.target.matches("[data-pick]")) tellSelection(); });

async function show(id) {
  await fill();
  (body.querySelector(`li[data-id="${id}"] a`) ?? document.getElementById("main")).focus();
}

// Makes the fields say what the address says.
function readAddress() {
  const { searchParams } = new URL(location.href);
  for (const name of ["q", "show", "sort", "car", "from", "to"]) {
    const field = finder.elements[name];
    field.value = searchParams.get(name) ?? "";
    if (field.selectedIndex === -1) field.selectedIndex = 0; // the first choice applies where the address names none
  }
}

addEventListener("popstate", () => {
  clearTimeout(typing); // what was being typed was for the page that was left
  readAddress();
  fill();
});
offerCars();

// Puts a row in the place of another, with its tick and the focus.
function replaceRow(old, row) {
  const focused = ["[data-pick]", ".row-link", "[data-delete]"].find((part) => old.querySelector(part) === document.activeElement);
  row.querySelector("[data-pick]").checked = old.querySelector("[data-pick]").checked;
  old.replaceWith(row);
  if (focused) row.querySelector(focused).focus({ preventScroll: true });
}

// Replaces changed rows one by one, so that scroll position, focus and selection stay.
async function refresh() {
  const [asked, mine] = [location.href, stop];
  const fresh = document.createElement("template");
  fresh.innerHTML = await load(asked);
  if (location.href !== asked || stop !== mine) return "same"; // the list is of another address, or newer than this answer
  let changed = false;
  const rows = fresh.content.querySelectorAll("li[data-id]");
  const same = [...rows].map((row) => row.dataset.id).join() === [...body.querySelectorAll("li[data-id]")].map((row) => row.dataset.id).join();
  if (!same && !selecting && !body.contains(document.activeElement)) {
    body.replaceChildren(fresh.content);
    changed = true;
  } else {
    outdated ||= !same;
    for (const row of rows) {
      const old = body.querySelector(`li[data-id="${row.dataset.id}"]`);
      if (!old || (old.dataset.status === row.dataset.status && old.className === row.className)) continue;
      replaceRow(old, row);
      changed = true;
    }
  }
  if (changed) tellSelection();
  return processing() ? (changed ? "changed" : "same") : "done";
}

const processing = () => body.querySelector("li[data-status=Processing]") !== null;

whenFilled(() => {
  outdated = false;
  tellSelection();
  stop?.();
  stop = processing() ? poll(refresh) : null;
});
