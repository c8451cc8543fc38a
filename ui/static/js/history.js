// The history: find as you type, deletion with undo, and states that change by themselves.
import { body, fill, load, poll, whenFilled } from "./fragment.js";
import { deleteLater, isDeleted } from "./undo.js";

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

body.addEventListener("click", (event) => {
  const step = event.target.closest(".pages a");
  if (step && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    history.pushState(null, "", step.href);
    fill().then(() => scrollTo({ top: 0 }));
    return;
  }
  const button = event.target.closest("[data-delete]");
  if (!button) return;
  const row = button.closest("li");
  const following = row.nextElementSibling?.querySelector("[data-delete]") || row.previousElementSibling?.querySelector("[data-delete]");
  row.hidden = true;
  following?.focus();
  deleteLater(row.dataset.id, row.dataset.name, {
    restore: () => { show(row.dataset.id); },
    done: () => fill(),
  });
});

function show(id) {
  const row = body.querySelector(`li[data-id="${id}"]`);
  if (row) { row.hidden = false; row.querySelector("a").focus(); }
}

addEventListener("popstate", () => fill());

// Rows are exchanged one by one, so that nobody loses the place or the focus.
async function refresh() {
  const fresh = document.createElement("template");
  fresh.innerHTML = await load(location.href);
  let changed = false;
  const rows = fresh.content.querySelectorAll("li[data-id]");
  const same = [...rows].map((row) => row.dataset.id).join() === [...body.querySelectorAll("li[data-id]")].map((row) => row.dataset.id).join();
  if (!same && !body.contains(document.activeElement)) {
    body.replaceChildren(fresh.content);
    changed = true;
  } else {
    for (const row of rows) {
      const old = body.querySelector(`li[data-id="${row.dataset.id}"]`);
      if (!old || old.dataset.status === row.dataset.status) continue;
      old.replaceWith(row);
      changed = true;
    }
  }
  hideDeleted();
  return processing() ? (changed ? "changed" : "same") : "done";
}

const processing = () => body.querySelector("li[data-status=Processing]") !== null;
function hideDeleted() {
  for (const row of body.querySelectorAll("li[data-id]")) if (isDeleted(row.dataset.id)) row.hidden = true;
}

whenFilled(() => {
  hideDeleted();
  stop?.();
  stop = processing() ? poll(refresh) : null;
});

// A log page that was left by "delete" hands the deletion over in the address.
const handed = new URLSearchParams(location.hash.slice(1));
if (handed.get("undo")) {
  const id = handed.get("undo");
  history.replaceState(null, "", location.pathname + location.search);
  deleteLater(id, handed.get("name") || "", { restore: () => show(id), done: () => fill() });
  hideDeleted();
}
