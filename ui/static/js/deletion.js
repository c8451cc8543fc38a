// Deleting with a way back: a log is gone from the page at once, but the DELETE is only sent after 8 seconds, or when
// the page is left. What could not be sent (no network) stays noted and is sent by the next page.
import { API, headers, request } from "./http.js";
import { fill, texts } from "./texts.js";
import { toast } from "./toast.js";

const SECONDS = 8;
const KEY = "faplog-deletions";
const waiting = new Map(); // id → { name, timer, close, restore }

const noted = () => { try { return JSON.parse(localStorage.getItem(KEY)) || []; } catch { return []; } };
function note(change) {
  try { localStorage.setItem(KEY, JSON.stringify([...change(new Set(noted()))])); } catch { /* private mode: only this page knows */ }
}
const remember = (id) => note((ids) => ids.add(id));
const forget = (id) => note((ids) => { ids.delete(id); return ids; });

export const isDeleted = (id) => waiting.has(id);
export const forgetDeletions = () => { try { localStorage.removeItem(KEY); } catch { /* nothing was kept */ } };

export function deleteLater(id, name, { restore = () => {}, done = () => {} } = {}) {
  const close = toast(fill(texts.deleted, { name: name.length > 40 ? `${name.slice(0, 38)}…` : name }), {
    action: texts.undo,
    seconds: SECONDS + 1,
    onAction: () => {
      clearTimeout(waiting.get(id)?.timer);
      waiting.delete(id);
      forget(id);
      restore();
    },
  });
  remember(id);
  const timer = setTimeout(async () => { await send(id); done(); }, SECONDS * 1000);
  waiting.set(id, { timer, close });
}

async function send(id) {
  const pending = waiting.get(id);
  pending?.close();
  try {
    const response = await request(`${API}/analyses/${id}`, { method: "DELETE", quiet: true });
    if (response.ok || response.status === 404) forget(id);
  } finally {
    waiting.delete(id);
  }
}

// On leaving: the browser finishes these requests after the page is gone.
addEventListener("pagehide", () => {
  for (const [id, { timer }] of waiting) {
    clearTimeout(timer);
    fetch(`${API}/analyses/${id}`, { method: "DELETE", keepalive: true, headers: headers("DELETE") })
      .then((response) => { if (response.ok || response.status === 404) forget(id); }, () => {});
  }
  waiting.clear();
});

// What an earlier page could not send. A log page hands its deletion over to the history through the address.
export async function resumeDeletions() {
  const handed = new URLSearchParams(location.hash.slice(1)).get("undo");
  for (const id of noted()) {
    if (id !== handed && !waiting.has(id)) await send(id).catch(() => {});
  }
}
