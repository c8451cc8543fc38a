// Replaces a page's placeholder with its body, and keeps trying while the service is not available.
import { request, Problem } from "./http.js";

export const body = document.getElementById("body");

const listeners = [];
// Calls the listener now if the body is present, and after each refill.
export function whenFilled(listener) {
  listeners.push(listener);
  if (body && !("pending" in body.dataset)) listener(body);
}

function address(url) {
  const target = new URL(url, location.href);
  target.searchParams.set("fragment", "1");
  return target;
}

// Returns the body for an address as HTML. Throws a Problem if the service is not available.
export async function load(url, options) {
  const response = await request(address(url), { ...options, headers: { Accept: "text/html" } });
  if (response.status >= 500) throw new Problem("away", response.status);
  return response.text();
}

// Replaces the body with HTML that is there already.
export function show(html) {
  body.innerHTML = html;
  listeners.forEach((listener) => listener(body));
}

let prepare = async () => {};
// Has `step` awaited with the HTML of each body before it is shown.
export function prepareWith(step) {
  prepare = step;
}

let attempts = 0;
let timer = null;
let newest = 0;

export async function fill(url = location.href, { quiet = false } = {}) {
  const mine = ++newest;
  clearTimeout(timer);
  body.setAttribute("aria-busy", "true");
  try {
    const html = await load(url);
    await prepare(html);
    if (mine !== newest) return;
    attempts = 0;
    if (!quiet || html !== body.dataset.html) {
      body.innerHTML = html;
      body.dataset.html = "";
    }
    delete body.dataset.pending;
    listeners.forEach((listener) => listener(body));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (mine !== newest) return;
    body.replaceChildren(document.getElementById("away").content.cloneNode(true));
    body.querySelector("[data-retry]").addEventListener("click", () => fill(url));
    timer = setTimeout(() => fill(url), Math.min(30, 3 * 2 ** attempts++) * 1000);
  } finally {
    if (mine === newest) body.removeAttribute("aria-busy");
  }
}

addEventListener("online", () => { if (attempts) fill(); });

// Calls `again` with growing pauses until it returns "done"; pauses while the page is hidden. Returns a function that ends
// this; the answer of a call under way then counts no more.
export function poll(again, { first = 1000, factor = 1.5, longest = 15000 } = {}) {
  let pause = first;
  let clock = null;
  let running = false;
  let stopped = false;
  const stop = () => { stopped = true; clearTimeout(clock); document.removeEventListener("visibilitychange", seen); };
  const next = () => { clock = setTimeout(run, pause); };
  async function run() {
    if (stopped || running || document.hidden) return;
    running = true;
    let outcome = "same";
    try {
      outcome = await again();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
    } finally {
      running = false;
    }
    if (stopped) return;
    if (outcome === "done") { stop(); return; }
    pause = outcome === "changed" ? first : Math.min(longest, pause * factor);
    next();
  }
  function seen() {
    if (document.hidden) return;
    clearTimeout(clock);
    pause = first;
    run();
  }
  document.addEventListener("visibilitychange", seen);
  next();
  return stop;
}
