// On every page, after the page's own scripts: fill what waits for the service, and do what was clicked early.
import { body, fill } from "./fragment.js";
import { API, request } from "./http.js";
import { toast } from "./toast.js";
import { texts } from "./texts.js";

if (body && "pending" in body.dataset) fill();

// Downloads go through a plain link; the session is made sure of first, for a link cannot renew it.
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
try { localStorage.removeItem("faplog-deletions"); } catch { /* an older release left it there; nothing reads it */ }
