// Queue of files to upload, stored in IndexedDB so that leaving the page loses nothing. It belongs to one account and is
// cleared when another one logs in. Without IndexedDB it lasts as long as the page.
const memory = new Map();
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

// Adds an entry: { key, name, size, file, state: waiting|done|error, ids, problem }
export async function add(entry) {
  if (await database()) {
    try {
      return { ...entry, key: await run("uploads", "readwrite", (store) => store.add(entry)) };
    } catch { /* no room for the file: keep it in memory */ }
  }
  const kept = { ...entry, key: `m${next++}` };
  memory.set(kept.key, kept);
  return kept;
}

export async function save(entry) {
  if (memory.has(entry.key)) memory.set(entry.key, entry);
  else await run("uploads", "readwrite", (store) => store.put(entry));
}

export async function remove(key) {
  if (!memory.delete(key)) await run("uploads", "readwrite", (store) => store.delete(key));
}

export async function all() {
  const kept = (await run("uploads", "readonly", (store) => store.getAll())) || [];
  return [...kept, ...memory.values()];
}

// Sets the account of the queue, and clears it if it belonged to another one.
export async function startFor(email) {
  const before = await run("owner", "readonly", (store) => store.get("email"));
  if (before !== undefined && before !== email) await clear();
  await run("owner", "readwrite", (store) => store.put(email, "email"));
}

// Keeps the queue for the same account under its new address.
export async function rename(email) {
  await run("owner", "readwrite", (store) => store.put(email, "email"));
}

export async function clear() {
  memory.clear();
  await run("uploads", "readwrite", (store) => store.clear());
}
