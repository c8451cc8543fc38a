// Runs on every page after its own scripts: fills a placeholder body and repeats early clicks.
import { body, fill } from "./fragment.js";
import { API, Problem, refusal, request } from "./http.js";
import { toast } from "./toast.js";
import "./pwa.js";

if (body && "pending" in body.dataset) fill();

// Throws a Problem if a download would be refused. Only its first byte is asked for. The server records each export, so
// for that one just the session is renewed.
async function checkDownload(link) {
  const recorded = link.dataset.download === "recorded";
  const response = recorded
    ? await request(`${API}/analyses?limit=1`)
    : await request(link.href, { headers: { Range: "bytes=0-0" }, redirect: "manual", cache: "no-store" });
  const redirected = response.type === "opaqueredirect"; // to the object store
  const empty = response.status === 416; // a file without a first byte
  if (!response.ok && !redirected && !empty) throw await refusal(response);
  await response.body?.cancel(); // a table is sent whole
}

// Saves what an address answers. An error that it answers instead does not replace the page.
function save(address) {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}

// Downloads use plain links, which can neither renew the session nor say why they were refused.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-download]");
  if (!link || !link.pathname.startsWith("/api/")) return;
  event.preventDefault();
  try {
    await checkDownload(link);
    save(link.href);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    toast(problem.message);
  }
});

window.releaseEarly();
try { localStorage.removeItem("faplog-deletions"); } catch { /* remove data of an older release */ }
