// The share dialog: creates, copies and ends the link to a report or a car.
import { load } from "./fragment.js";
import { closeBeside, copyText, held } from "./dialogs.js";
import { api, json, Problem } from "./http.js";
import { texts } from "./texts.js";

const dialog = document.getElementById("share-dialog");
const { api: routes, page: pages } = dialog.dataset;
let id = ""; // of the log or the car
const part = (name) => dialog.querySelector(`[data-share-${name}]`);
const [link, state, said, alert] = [part("link"), part("state"), part("said"), dialog.querySelector("[role=alert]")];
const field = link.querySelector("input");

function clear() {
  alert.hidden = true;
  said.textContent = "";
}

// Disables the buttons while a request is running.
function busy(is) {
  state.setAttribute("aria-busy", String(is));
  dialog.querySelectorAll("[data-share-make], [data-share-stop]").forEach((button) => { button.disabled = is; });
}

// Runs an action and shows its error in the dialog.
async function attempt(work) {
  clear();
  busy(true);
  try {
    await work();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    alert.textContent = problem.status ? problem.message : texts.away;
    alert.hidden = false;
  } finally {
    busy(false);
  }
}

// Loads the state of the link, rendered by the server.
async function look() {
  state.innerHTML = await load(`${pages}/${id}/share`);
}

async function make() {
  const made = await api(`${routes}/${id}/share`, json("POST", { days: Number(state.querySelector("select").value) }));
  field.value = new URL(made.path, location.origin).href;
  link.hidden = false;
  part("send").hidden = !navigator.share;
  await look();
  field.focus();
  field.select();
}

async function stop() {
  await api(`${routes}/${id}/share`, { method: "DELETE" });
  link.hidden = true;
  field.value = "";
  await look();
  said.textContent = said.dataset.stopped;
  part("make").focus();
}

async function copy() {
  clear();
  await copyText(field);
  said.textContent = said.dataset.copied;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-share]");
  if (!button) return;
  id = button.dataset.share;
  link.hidden = true;
  field.value = "";
  state.replaceChildren();
  dialog.showModal();
  attempt(async () => { await look(); part("make").focus(); });
});

dialog.addEventListener("click", (event) => {
  const asked = (name) => event.target.closest(`[data-share-${name}]`);
  if (asked("close")) dialog.close();
  else if (asked("make")) attempt(() => held(dialog, make));
  else if (asked("stop")) attempt(() => held(dialog, stop));
  else if (asked("copy")) copy();
  else if (asked("send")) navigator.share({ title: document.title, url: field.value }).catch(() => {}); // cancelled by the user
});

closeBeside(dialog, () => link.hidden); // the link is shown only once
