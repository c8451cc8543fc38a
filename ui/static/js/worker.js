// The service worker. It takes files that another app shares and puts them into the upload queue, and shows a page of
// its own while the service cannot be reached. It caches that page and what belongs to it, never another page.
// `/sw.js` imports it under the address of its release, so each release is a new worker.
import { entryFor, store } from "./queue.js";

const SHARE = "/upload/share";
const OFFLINE = "/offline";
const ASSETS = ["queue.js", "offline.js", "theme.js", "../css/app.css", "../vendor/bootstrap.css", "../img/icon.svg"]
  .map((path) => new URL(path, import.meta.url).href);
const PREFIX = "faplog-offline-";
const CACHE = PREFIX + new URL(import.meta.url).pathname.split("/")[2];
const TYPES = { "text/csv": ".csv", "text/comma-separated-values": ".csv", "application/zip": ".zip" };

async function install() {
  const cache = await caches.open(CACHE);
  await cache.addAll([new Request(OFFLINE, { cache: "reload" }), ...ASSETS]);
  await self.skipWaiting();
}

// Replaces the worker of the release before; the queue is in IndexedDB and stays.
async function activate() {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

// Some apps share a file without an extension.
function named(file) {
  const extension = TYPES[file.type];
  return extension && !file.name.includes(".") ? new File([file], (file.name || "log") + extension, { type: file.type }) : file;
}

// Stores the shared files and opens the upload page. A share of the device has no referrer, but neither have forms on
// pages of other sites that hide theirs: the upload page decides whether to ask first.
async function take(request) {
  const trusted = request.referrer.startsWith(`${self.location.origin}/`);
  try {
    const sent = [...(await request.formData()).values()].filter((value) => value instanceof File && (value.name || value.size));
    for (const file of sent.map(named)) await store(entryFor(file, { unclaimed: true, state: trusted ? "waiting" : "asks" }));
    return Response.redirect(sent.length ? "/upload" : "/upload?share=empty", 303);
  } catch {
    return Response.redirect("/upload?share=failed", 303);
  }
}

async function page(event) {
  try {
    return (await event.preloadResponse) || (await fetch(event.request));
  } catch {
    return (await caches.match(OFFLINE, { cacheName: CACHE })) || Response.error();
  }
}

async function asset(request) {
  return (await caches.match(request, { cacheName: CACHE })) || fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.mode === "navigate" && request.method === "POST" && pathname === SHARE) event.respondWith(take(request));
  else if (request.mode === "navigate" && request.method === "GET") event.respondWith(page(event));
  else if (ASSETS.includes(request.url)) event.respondWith(asset(request));
});
