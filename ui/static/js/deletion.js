// Deletes and restores logs. The server keeps a deleted log for an hour; the browser stores nothing.
import { API, api, json, Problem, refusal, request } from "./http.js";
import { fill, plural, texts } from "./texts.js";
import { toast, UNDO_SEC } from "./toast.js";

const sending = new Set(); // ids of running requests: a second click is ignored

const shortened = (name) => (name.length > 40 ? `${name.slice(0, 38)}…` : name);

// Returns the status of the response; 0 if there is none or an error was shown.
async function send(id, path, method) {
  if (sending.has(id)) return 0;
  sending.add(id);
  try {
    const response = await request(`${API}/analyses/${encodeURIComponent(id)}${path}`, { method, keepalive: true });
    if (response.ok || response.status === 404) return response.status;
    toast((await refusal(response)).message);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    toast(problem.message);
  } finally {
    sending.delete(id);
  }
  return 0;
}

// Deletes a log and offers to undo it. Returns true if it was deleted. `restored` is called after an undo; `back` returns
// the element to focus when the offer is dismissed.
export async function remove(id, name, { restored, back } = {}) {
  if (!await send(id, "", "DELETE")) return false; // 404: already deleted in another tab
  toast(fill(texts.deleted, { name: shortened(name) }), {
    action: texts.undo,
    seconds: UNDO_SEC,
    focused: true,
    onAction: async () => { if (await restore(id, name)) restored?.(); },
    back,
  });
  return true;
}

// Sends the ids of several logs. Returns the ids it was done for; none if an error was shown.
async function sendSeveral(ids, path) {
  try {
    return (await api(`/analyses/${path}`, { ...json("POST", { ids }), keepalive: true })).ids;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    toast(problem.message);
    return [];
  }
}

// Deletes several logs at once and offers to undo it, as `remove` does for one.
export async function removeSeveral(ids, { restored, back } = {}) {
  const gone = await sendSeveral(ids, "delete");
  if (!gone.length) return false;
  toast(plural(texts.severalDeleted, gone.length), {
    action: texts.undo,
    seconds: UNDO_SEC,
    focused: true,
    onAction: async () => {
      const there = await sendSeveral(gone, "restore");
      if (!there.length) return;
      toast(plural(texts.severalRestored, there.length));
      restored?.();
    },
    back,
  });
  return true;
}

// Restores a log. Returns true on success.
export async function restore(id, name) {
  const status = await send(id, "/restore", "POST");
  if (status === 404) toast(texts.tooLate);
  else if (status) toast(fill(texts.restored, { name: shortened(name) }));
  return status >= 200 && status < 300;
}
