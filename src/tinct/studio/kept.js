// What outlives a reload: photos that are not sent yet, small pictures of them, and lists as JSON.

const DATABASE = "tinct-studio";
const STORES = ["pending", "thumbs"];

let opening = null;
function open() {
  opening ??= new Promise((done, failed) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  return opening;
}

async function within(store, mode, work) {
  try {
    const database = await open();
    return await new Promise((done, failed) => {
      const request = work(database.transaction(store, mode).objectStore(store));
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error);
    });
  } catch {
    return undefined; // a private window may have no database: then a reload forgets what was not sent
  }
}

/** Blobs by id in one store. */
export const blobs = (store) => ({
  get: (id) => within(store, "readonly", (kept) => kept.get(id)),
  put: (id, blob) => within(store, "readwrite", (kept) => kept.put(blob, id)),
  remove: (id) => within(store, "readwrite", (kept) => kept.delete(id)),
});

/** A JSON value under a name. */
export const json = {
  get(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(`tinct.${name}`) ?? "null") ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  put(name, value) {
    try {
      localStorage.setItem(`tinct.${name}`, JSON.stringify(value));
    } catch {
      // no room: the page works on, and a reload forgets
    }
  },
};
