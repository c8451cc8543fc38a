// The page as an app: registers the service worker, and says on the upload page how to install it.
const box = document.querySelector("[data-install]");
let offer = null;

// Shows one of the texts about installing.
function show(name) {
  if (!box) return;
  for (const part of box.querySelectorAll("[data-install-case]")) part.hidden = part.dataset.installCase !== name;
  box.hidden = false;
}

function state() {
  if (!isSecureContext) return "insecure";
  if (matchMedia("(display-mode: standalone)").matches) return "installed";
  return offer ? "offer" : "menu";
}

addEventListener("beforeinstallprompt", (event) => {
  if (!box) return;
  event.preventDefault();
  offer = event;
  show(state());
});
addEventListener("appinstalled", () => { offer = null; show("installed"); });
box?.querySelector("[data-install-now]").addEventListener("click", async () => {
  await offer.prompt();
  offer = null;
});
show(state());

// The service worker keeps the offline page in the language of its installation: renew it after another was chosen.
// To be called once a worker is active, since before it has kept nothing.
async function renewOfflinePage() {
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    const kept = await cache.match("/offline");
    if (kept && kept.headers.get("Content-Language") !== document.documentElement.lang) await cache.add("/offline");
  }
}

// Readers of a shared link do not upload.
if (navigator.serviceWorker && location.pathname !== "/shared") {
  navigator.serviceWorker.register("/sw.js", { type: "module", updateViaCache: "none" })
    .then(() => navigator.serviceWorker.ready)
    .then(renewOfflinePage)
    .catch(() => { if (!navigator.serviceWorker.controller) show("refused"); });
}
