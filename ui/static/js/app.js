// Runs on every page after its own scripts: fills a placeholder body and repeats early clicks.
import { body, fill } from "./fragment.js";
import { API, request } from "./http.js";
import { toast } from "./toast.js";
import { texts } from "./texts.js";
import "./pwa.js";

if (body && "pending" in body.dataset) fill();

// Downloads use plain links, which cannot renew the session, so renew it first.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-download]");
  if (!link || !link.pathname.startsWith("/api/")) return;
  event.preventDefault();
  try {
    await request(`${API}/analyses?limit=1`);
    location.assign(link.href);
  } catch {
    toast(texts.away);
  }
});

window.releaseEarly();
try { localStorage.removeItem("faplog-deletions"); } catch { /* remove data of an older release */ }
