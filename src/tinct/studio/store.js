// The tray: photos of this browser, how far each is, and the jobs that were ordered for it. All of it outlives a reload.

import { call, contentOf, currentSession, insist, Refusal, seenAt, signedIn, Unanswered, upload } from "./api.js";
import { sleep } from "./dom.js";
import { blobs, json } from "./kept.js";
import { follow } from "./follow.js";
import { Line } from "./line.js";
import { Small } from "./small.js";
import { T } from "./texts.js";

const pending = blobs("pending");
const line = new Line(2); // uploads at a time; more only share one line
const ORDERS = 4;
const KEPT = 500; // photos that a tray remembers

/**
 * @typedef {object} Item a photo in the tray, or a clip
 * @property {string} id this browser's own
 * @property {string} name
 * @property {number} size bytes
 * @property {"waiting" | "uploading" | "ready" | "failed"} state
 * @property {number} sent share of it that the server has
 * @property {string | null} fileId the server's
 * @property {number | null} width
 * @property {number | null} height
 * @property {string | null} error
 * @property {string | null} mediaType
 * @property {number | null} rate frames a second of a clip
 * @property {string[]} jobs ids, newest last
 * @property {string} [made] the effect that made it of nothing; it has no file before that job is done
 * @property {string | null} [url] where its pixels are, for elements
 * @property {string | null} [thumb] a small picture of it
 */

/** Told of `items`, `jobs` and `selected`. */
export const changes = new EventTarget();
const tell = (kind) => changes.dispatchEvent(new Event(kind));
export const on = (kind, listener, signal) => changes.addEventListener(kind, listener, { signal });

/** @type {Item[]} */
let items = [];
/** @type {Map<string, any>} jobs as the server tells them, by id */
const jobs = new Map();
/** @type {Run[]} */
let runs = [];
let selected = null;
const held = new Map(); // photo id -> what is not sent yet
const stops = new Map(); // item id -> AbortController of its upload

export const all = () => items;
export const find = (id) => items.find((item) => item.id === id) ?? null;
export const current = () => find(selected) ?? items[0] ?? null;
export const jobOf = (id) => jobs.get(id) ?? null;
/** The job that was ordered last for a photo. */
export const lastJob = (item) => jobs.get(item.jobs.at(-1)) ?? null;
export const allRuns = () => runs;
const CLIP = /^video\//;
const CLIPS = /\.(mp4|m4v|mov|webm)$/i;
/** Whether it is a clip: by what the server found, else by what the browser says. */
export const isClip = (item) => CLIP.test(item.mediaType ?? "") || (!item.mediaType && CLIPS.test(item.name));

/** An id that nobody else makes, also where the page is not in a secure context. */
export const newId = (stem) => `${stem}_${[...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;

function keep() {
  const session = currentSession();
  if (!session) return;
  const plain = items.slice(-KEPT).map(({ url, thumb, sent, ...kept }) => kept);
  json.put(`tray.${session.account}`, { items: plain, selected, runs: runs.slice(-50) });
}

function changed(kind = "items") {
  keep();
  tell(kind);
}

const small = new Small({ find: (id) => find(id), isClip: (item) => isClip(item), told: tell, changed });

export function select(id) {
  if (selected === id) return;
  selected = id;
  changed("selected");
}

// -- photos come ---------------------------------------------------------------------------------------------------

/** Put files into the tray; they are sent one after the other. */
export function add(files) {
  const added = files.map((file) => fresh({ name: file.name || T.tray.pasted, size: file.size, blob: file }));
  if (!added.length) return [];
  items = [...items, ...added];
  selected = added[0].id;
  changed();
  tell("selected");
  for (const item of added) void send(item);
  return added;
}

function fresh({ name, size, blob = null, file = null, empty = false }) {
  const item = {
    id: newId("photo"), name, size, state: "waiting", sent: 0, fileId: null, width: null, height: null, mediaType: blob?.type ?? null,
    error: null, jobs: [], url: blob ? URL.createObjectURL(blob) : null, thumb: null, expiresAt: null,
  };
  if (file) Object.assign(item, { state: "ready", sent: 1, url: contentOf(file.id) }, described(file));
  if (blob) {
    held.set(item.id, blob);
    void pending.put(item.id, blob);
  }
  if (!empty) void picture(item, blob);
  return item;
}

const described = (file) => ({
  fileId: file.id, width: file.width, height: file.height, mediaType: file.media_type, size: file.size, expiresAt: file.expires_at ?? null,
  rate: file.frames && file.seconds ? file.frames / file.seconds : null,
});

/** Take a stored file, such as a result, as a photo of its own. */
export async function take(fileId, name) {
  const file = await call("GET", `/v1/files/${fileId}`);
  const item = fresh({ name: name ?? file.name, size: file.size, file });
  items = [...items, item];
  selected = item.id;
  changed();
  tell("selected");
  return item;
}

const picture = (item, blob) => small.draw(item, blob);

/** Something to order that needs no photo: what comes of it becomes the photo. */
export function blank(name, effect) {
  const item = { ...fresh({ name, size: 0, empty: true }), state: "ready", sent: 1, made: effect, thumb: "" };
  items = [...items, item];
  selected = item.id;
  changed();
  tell("selected");
  return item;
}

/** What was made without a photo becomes one, with the first result. */
function fill(item, job) {
  const result = job.results.find(({ role }) => role === "main") ?? job.results[0];
  if (!result) return;
  Object.assign(item, { fileId: result.id, mediaType: result.media_type, size: result.size, width: result.width, height: result.height, url: seenAt(result), expiresAt: job.results_expire_at });
  void picture(item, null);
  changed();
}

async function send(item) {
  const stop = new AbortController();
  stops.set(item.id, stop);
  await line.turn();
  try {
    await signedIn(stop.signal);
    const blob = held.get(item.id) ?? (await pending.get(item.id));
    if (!blob) return fail(item, T.error.notSent);
    if (!blob.size) return fail(item, T.error.empty);
    for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
      stop.signal.throwIfAborted();
      Object.assign(item, { state: "uploading", sent: 0 });
      tell("items");
      try {
        const file = await upload(blob, item.name, { signal: stop.signal, progress: (share) => { item.sent = share; tell("items"); } });
        Object.assign(item, { state: "ready", sent: 1, error: null }, described(file));
        forgetBytes(item.id);
        if (item.unseen) void small.byServer(item);
        return changed();
      } catch (error) {
        if (error instanceof Refusal && error.status === 401) await signedIn(stop.signal);
        else if (!(error instanceof Unanswered) && ![429, 502, 503, 504].includes(error.status)) throw error;
        item.sent = 0;
        tell("items");
        await sleep(Math.max(wait, 1000 * (error.retryAfter ?? 0)));
      }
    }
  } catch (error) {
    if (error.name !== "AbortError") fail(item, error.message);
  } finally {
    stops.delete(item.id);
    line.next();
  }
}

function fail(item, message) {
  Object.assign(item, { state: "failed", error: message });
  forgetBytes(item.id);
  changed();
}

function forgetBytes(id) {
  held.delete(id);
  void pending.remove(id);
}

/** The photo once the server has it; throws what hinders it. */
async function ready(item, signal) {
  while (item.state === "waiting" || item.state === "uploading") {
    await new Promise((done) => changes.addEventListener("items", done, { once: true }));
    signal?.throwIfAborted();
  }
  if (item.state === "failed") throw new Error(item.error ?? T.error.notSent);
}

/** Store a picture that this page made, such as a mask; gives the file's record. */
export async function store(blob, name) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      return await upload(blob, name, { progress: () => {} });
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      await sleep(wait);
    }
  }
}

/** Take a photo out of the tray; what was uploaded and its jobs stay in the history. */
export function remove(id) {
  const item = find(id);
  if (!item) return;
  stops.get(id)?.abort();
  for (const url of [item.url, item.thumb]) if (url?.startsWith("blob:")) URL.revokeObjectURL(url);
  forgetBytes(id);
  small.forget(id);
  const place = items.indexOf(item);
  items = items.filter((other) => other !== item);
  if (selected === id) selected = (items[place] ?? items[place - 1])?.id ?? null;
  changed();
  tell("selected");
}

export function clear() {
  for (const item of [...items]) remove(item.id);
  runs = [];
  changed();
}

// -- jobs ----------------------------------------------------------------------------------------------------------

/**
 * @typedef {object} Run one press of the button: the same order for some photos
 * @property {string} id also the batch of its jobs
 * @property {string} effect
 * @property {any} order what all of them share
 * @property {Record<string, string>} of job id by photo id
 * @property {Record<string, string>} refused sentence by photo id
 * @property {string[]} photos ids
 * @property {Record<string, number>} tries by photo id
 */

/** Order an effect for some photos. `order` holds params, format and further inputs. */
export function run(effect, order, photos) {
  const started = { id: newId("batch"), effect, order, photos: photos.map((item) => item.id), of: {}, refused: {}, tries: {} };
  runs = [...runs, started];
  changed("jobs");
  void submit(started);
  return started;
}

async function submit(started) {
  const left = started.photos.filter((id) => !started.of[id] && !started.refused[id]);
  const work = async () => {
    for (let id = left.shift(); id; id = left.shift()) await orderOne(started, id);
  };
  await Promise.all(Array.from({ length: ORDERS }, work));
}

async function orderOne(started, id) {
  const item = find(id);
  if (!item) return;
  try {
    await ready(item);
    const { inputs = {}, ...order } = started.order;
    const job = await insist("POST", "/v1/jobs", {
      json: { effect: started.effect, batch: started.id, ...order, inputs: { ...(item.fileId ? { image: item.fileId } : {}), ...inputs } },
      headers: { "Idempotency-Key": `${started.id}.${id}.${started.tries[id] ?? 0}` },
    });
    started.of[id] = job.id;
    item.jobs = [...item.jobs.filter((known) => known !== job.id), job.id];
    heard(job);
    follow(job, heard);
  } catch (error) {
    started.refused[id] = error.message;
  }
  changed("jobs");
}

function heard(job) {
  const known = jobs.get(job.id);
  if (known && known.revision > job.revision) return;
  const began = known?.began ?? (job.state === "running" ? performance.now() : null);
  if (job.state === "succeeded" && known?.state !== "succeeded") {
    const made = items.find((item) => item.made && !item.fileId && item.jobs.includes(job.id));
    if (made) fill(made, job);
  }
  jobs.set(job.id, { ...job, position: job.position ?? (job.state === "queued" ? known?.position ?? null : null), began });
  tell("jobs");
}

/** Order again what failed in a run; what succeeded stays. */
export function retry(started, only = null) {
  for (const id of only ?? started.photos) {
    const state = jobs.get(started.of[id])?.state;
    if (!started.refused[id] && (!state || state === "succeeded" || !ended(jobs.get(started.of[id])))) continue;
    const item = find(id);
    if (item?.state === "failed") continue;
    started.tries[id] = (started.tries[id] ?? 0) + 1;
    delete started.of[id];
    delete started.refused[id];
  }
  changed("jobs");
  void submit(started);
}

/** How the job of a run for a photo ended. */
export async function outcome(started, id) {
  for (;;) {
    if (started.refused[id]) throw new Error(started.refused[id]);
    const job = jobs.get(started.of[id]);
    if (ended(job)) return job;
    await new Promise((done) => changes.addEventListener("jobs", done, { once: true }));
  }
}

export const ended = (job) => job !== null && job !== undefined && !["queued", "running"].includes(job.state);

export async function cancel(jobId) {
  heard(await insist("POST", `/v1/jobs/${jobId}/cancel`));
}

/** Forget a job that was deleted. */
export function forget(jobId) {
  jobs.delete(jobId);
  for (const item of items) item.jobs = item.jobs.filter((id) => id !== jobId);
  changed("jobs");
}

/** Of a run: how many photos are in which state. */
export function tally(started) {
  const count = { total: 0, done: 0, failed: 0, waiting: 0, running: 0 };
  for (const id of started.photos) {
    if (!find(id)) continue;
    count.total += 1;
    const job = jobs.get(started.of[id]);
    if (started.refused[id]) count.failed += 1;
    else if (job?.state === "succeeded") count.done += 1;
    else if (ended(job)) count.failed += 1;
    else if (job?.state === "running") count.running += 1;
    else count.waiting += 1;
  }
  return count;
}

// -- after a reload ------------------------------------------------------------------------------------------------

let loaded = null;
/** Take up the tray of this account where it was left. */
export async function resume() {
  const session = currentSession();
  if (!session || loaded === session.account) return;
  loaded = session.account;
  const kept = json.get(`tray.${session.account}`, { items: [], selected: null, runs: [] });
  const dropped = items; // before somebody had signed in
  items = [...kept.items.map((item) => ({ ...item, sent: item.fileId ? 1 : 0, url: item.fileId ? contentOf(item.fileId) : null, thumb: null })), ...dropped];
  runs = kept.runs ?? [];
  selected = dropped[0]?.id ?? kept.selected;
  changed();
  tell("selected");
  for (const item of items.slice(0, kept.items.length)) {
    if (item.state === "failed" || (item.made && !item.fileId)) item.thumb = "";
    else if (item.fileId) void picture(item, null).then(() => null);
    else void again(item);
  }
  await Promise.all(items.flatMap((item) => item.jobs).map(look));
  for (const started of runs) void submit(started);
}

async function again(item) {
  const blob = await pending.get(item.id);
  if (!blob) return fail(item, T.error.notSent);
  item.url = URL.createObjectURL(blob);
  item.state = "waiting";
  void picture(item, blob);
  await send(item);
}

async function look(id) {
  try {
    const job = await insist("GET", `/v1/jobs/${id}`);
    heard(job);
    if (!ended(job)) follow(job, heard);
  } catch (error) {
    if (error.status === 404) forget(id);
  }
}

/** Whether closing the page now would interrupt an upload. */
export const busy = () => items.some((item) => item.state === "waiting" || item.state === "uploading");
