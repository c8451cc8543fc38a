// The list of logs: search while typing, deletion with undo, and live status.
import { remove } from "./deletion.js";
import { body, fill, load, poll, whenFilled } from "./fragment.js";

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

body.addEventListener("click", async (event) => {
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
  const { id, name } = row.dataset;
  const place = [...row.parentElement.children].indexOf(row);
  const following = () => [...body.querySelectorAll("[data-delete]")].slice(0, place + 1).at(-1);
  if (!await remove(id, name, { restored: () => show(id), back: following })) return;
  row.hidden = true;
  await fill();
});

async function show(id) {
  await fill();
  (body.querySelector(`li[data-id="${id}"] a`) ?? document.getElementById("main")).focus();
}

addEventListener("popstate", () => fill());

// Replaces changed rows one by one, so that scroll position and focus stay.
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
      if (!old || (old.dataset.status === row.dataset.status && old.className === row.className)) continue;
      old.replaceWith(row);
      changed = true;
    }
  }
  return processing() ? (changed ? "changed" : "same") : "done";
}

const processing = () => body.querySelector("li[data-status=Processing]") !== null;

whenFilled(() => {
  stop?.();
  stop = processing() ? poll(refresh) : null;
});
