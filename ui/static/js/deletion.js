// Deleting a log and restoring it. The server keeps a deleted log for an hour; the browser keeps nothing.
import { API, Problem, refusal, request } from "./http.js";
import { fill, texts } from "./texts.js";
import { toast } from "./toast.js";

const SECONDS = 8;
const sending = new Set(); // a second click while the first is under way does nothing

const shortened = (name) => (name.length > 40 ? `${name.slice(0, 38)}…` : name);

// The status of the answer; 0 if there was none, and the user has been told.
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

// Deletes a log and offers to undo it; true if it is deleted. `restored` is called if it comes back, `back` says where
// the focus goes if the offer is dismissed.
export async function remove(id, name, { restored, back } = {}) {
  if (!await send(id, "", "DELETE")) return false; // a 404: another tab was faster
  toast(fill(texts.deleted, { name: shortened(name) }), {
    action: texts.undo,
    seconds: SECONDS,
    focused: true,
    onAction: async () => { if (await restore(id, name)) restored?.(); },
    back,
  });
  return true;
}

// Restores a log; true if it is there again.
export async function restore(id, name) {
  const status = await send(id, "/restore", "POST");
  if (status === 404) toast(texts.tooLate);
  else if (status) toast(fill(texts.restored, { name: shortened(name) }));
  return status >= 200 && status < 300;
}
