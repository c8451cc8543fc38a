// Queue of files to upload, stored in IndexedDB so that leaving the page loses nothing. It belongs to one account and is
// cleared when another one logs in; files that were added without an account go to the next one. Without IndexedDB it
// lasts as long as the page. Used by the pages and by the service worker.
const memory = new Map();
const channel = globalThis.BroadcastChannel ? new BroadcastChannel("faplog-queue") : null;
let next = 1;
let opening = null;

function database() {
  opening ??= new Promise((resolve) => {
    let asked;
    try { asked = indexedDB.open("faplog", 1); } catch { return resolve(null); }
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("uploads", { keyPath: "key", autoIncrement: true });
      asked.result.createObjectStore("owner");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => resolve(null);
    asked.onblocked = () => resolve(null);
  });
  return opening;
}

async function run(store, mode, work) {
  const db = await database();
  if (!db) return undefined;
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(store, mode);
    const asked = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(asked?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

// Changes the queue and tells the other pages.
async function change(work) {
  const result = await run("uploads", "readwrite", work);
  channel?.postMessage("changed");
  return result;
}

// Calls the listener after another page or the service worker has changed the queue.
export function onChange(listener) {
  channel?.addEventListener("message", listener);
}

// A new entry for a file.
export function entryFor(file, values = {}) {
  return { name: file.name, size: file.size, file, state: "waiting", ids: [], problem: null, ...values };
}

// Adds an entry: { key, name, size, file, state: waiting|asks|analysing|finished|error, ids, problem }, and the `car` with
// its `carName` if one was chosen. Throws if the browser does not store it. `unclaimed` entries were added without knowing the account.
export async function store(entry) {
  if (!(await database())) throw new Error("no IndexedDB");
  return { ...entry, key: await change((uploads) => uploads.add(entry)) };
}

// Adds an entry, in memory if the browser has no room for the file.
export async function add(entry) {
  try {
    return await store(entry);
  } catch {
    const kept = { ...entry, key: `m${next++}` };
    memory.set(kept.key, kept);
    return kept;
  }
}

// Changes an entry, unless it was removed meanwhile.
export async function save(entry) {
  if (memory.has(entry.key)) memory.set(entry.key, entry);
  else {
    await change((uploads) => {
      const asked = uploads.getKey(entry.key);
      asked.onsuccess = () => { if (asked.result !== undefined) uploads.put(entry); };
    });
  }
}

export async function remove(key) {
  if (!memory.delete(key)) await change((uploads) => uploads.delete(key));
}

export async function all() {
  const kept = (await run("uploads", "readonly", (uploads) => uploads.getAll())) || [];
  return [...kept, ...memory.values()];
}

// Gives the unclaimed entries, changed by `received`, to the account that is logged in. Removes all others if they belong
// to another account. One transaction, so that two pages never take the same file.
function claim(isOther, received) {
  return run("uploads", "readwrite", (uploads) => {
    const asked = uploads.getAll();
    asked.onsuccess = () => {
      for (const { unclaimed, ...entry } of asked.result) {
        if (unclaimed) uploads.put(received(entry));
        else if (isOther) uploads.delete(entry.key);
      }
    };
  });
}

// An address in the form that the API compares accounts by, however it was typed.
export const plain = (email) => email.trim().normalize("NFC").toLowerCase();

// Keeps the queue for the same account under its new address.
export async function rename(email) {
  await run("owner", "readwrite", (owner) => owner.put(plain(email), "email"));
}

// Sets the account of the queue, and clears it if it belonged to another one, with a file that was handed over.
// Unclaimed entries stay.
export async function startFor(email) {
  const before = await run("owner", "readonly", (owner) => owner.get("email"));
  // Earlier releases stored the address as it was typed.
  if (before !== undefined && plain(before) !== plain(email)) {
    await claim(true, (entry) => ({ ...entry, unclaimed: true }));
    await run("owner", "readwrite", (owner) => owner.delete("trial"));
  }
  await rename(email);
}

// Gives the unclaimed entries to the account that is logged in, each changed by `received`.
export const claimAll = (received) => claim(false, received);

// Forgets everything: the files, whose they are, and one that was handed over.
export async function clear() {
  memory.clear();
  await run("owner", "readwrite", (owner) => owner.clear());
  await change((uploads) => uploads.clear());
}

// A file that goes from one page to the next, such as from the landing page to the trial. Throws if it cannot.
export async function handOver(file) {
  if (!(await database())) throw new Error("no IndexedDB");
  await run("owner", "readwrite", (owner) => owner.put(file, "trial"));
}

// The file that was handed over, once; undefined if there is none.
export async function takeOver() {
  const file = await run("owner", "readonly", (owner) => owner.get("trial"));
  if (file) await run("owner", "readwrite", (owner) => owner.delete("trial"));
  return file;
}
