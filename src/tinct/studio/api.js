// The only module that talks to the server, and to /v1 alone.

import { sleep } from "./dom.js";
import { T } from "./texts.js";

/** A refusal: the server's own code and sentence. */
export class Refusal extends Error {
  constructor(status, { code = "internal", message = T.error.internal, field = null } = {}, retryAfter = 0) {
    super(message);
    Object.assign(this, { status, code, field, retryAfter });
  }
}

/** There was no answer at all. */
export class Unanswered extends Error {
  constructor() {
    super(T.error.unanswered);
  }
}

/** Told of `online`, `offline`, `signed-in` and `signed-out`. */
export const wire = new EventTarget();

/** @type {{account: string, name: string, csrf: string, max_upload_bytes: number} | null} */
let session = null;
export const currentSession = () => session;

let reachable = true;
function heard(answered) {
  if (answered === reachable) return;
  reachable = answered;
  wire.dispatchEvent(new Event(answered ? "online" : "offline"));
}

async function refusal(reply) {
  let error = {};
  try {
    error = (await reply.json()).error ?? {};
  } catch {
    // not ours: a proxy's page, say
  }
  return new Refusal(reply.status, error, Number(reply.headers.get("Retry-After") ?? 0));
}

async function ask(method, path, { json, headers = {}, signal, cache = "no-store" } = {}) {
  const sent = { ...headers };
  if (json !== undefined) sent["Content-Type"] = "application/json";
  if (method !== "GET" && session) sent["X-CSRF-Token"] = session.csrf;
  const body = json === undefined ? undefined : JSON.stringify(json);
  try {
    const reply = await fetch(path, { method, headers: sent, body, signal, cache, credentials: "same-origin" });
    heard(true);
    return reply;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    heard(false);
    throw new Unanswered();
  }
}

/** Call the API; JSON in and out. */
export async function call(method, path, options = {}) {
  const reply = await ask(method, path, options);
  if (reply.ok) return reply.status === 204 ? null : reply.json();
  const error = await refusal(reply);
  if (error.status === 401) signedOut();
  throw error;
}

/** As `call`, and again after a lost connection or a refusal for now, until an answer comes or `signal` says stop. */
export async function insist(method, path, options = {}) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      return await call(method, path, options);
    } catch (error) {
      const passing = error instanceof Unanswered || [429, 502, 503, 504].includes(error.status);
      if (!passing) {
        if (error.status !== 401) throw error;
        await signedIn(options.signal);
        continue;
      }
      await sleep(Math.max(wait, 1000 * (error.retryAfter ?? 0)));
      options.signal?.throwIfAborted();
    }
  }
}

function signedOut() {
  if (!session) return;
  session = null;
  wire.dispatchEvent(new Event("signed-out"));
}

/** Wait until somebody has signed in again. */
export function signedIn(signal) {
  if (session) return Promise.resolve();
  return new Promise((done, failed) => {
    wire.addEventListener("signed-in", () => done(undefined), { once: true });
    signal?.addEventListener("abort", () => failed(signal.reason), { once: true });
  });
}

function begin(opened) {
  session = opened;
  wire.dispatchEvent(new Event("signed-in"));
}

/** Find the session that the browser's cookie stands for; false where there is none. */
export async function resume() {
  const reply = await ask("GET", "/v1/session");
  if (!reply.ok) throw await refusal(reply);
  if (reply.status === 204) return false;
  begin(await reply.json());
  return true;
}

/** Open a session by an API key, or by the code of a one-time link. */
export async function signIn({ key, code }) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const reply = await ask("POST", "/v1/session", { json: code ? { code } : {}, headers });
  if (!reply.ok) throw await refusal(reply);
  begin(await reply.json());
}

export async function signOut() {
  await call("DELETE", "/v1/session");
  signedOut();
}

/**
 * Send a file. XMLHttpRequest, since fetch does not tell how far an upload is.
 * @returns {Promise<any>} the file's record
 */
export function upload(blob, name, { progress, signal }) {
  if (session && blob.size > session.max_upload_bytes) {
    return Promise.reject(new Refusal(413, { code: "upload_too_large", message: T.error.tooLarge(blob.size, session.max_upload_bytes) }));
  }
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/v1/files?name=${encodeURIComponent(name.slice(0, 200))}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRF-Token", session?.csrf ?? "");
    request.responseType = "json";
    request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
    request.onload = () => {
      heard(true);
      if (request.status === 201) return done(request.response);
      if (request.status === 401) signedOut();
      failed(new Refusal(request.status, request.response?.error, Number(request.getResponseHeader("Retry-After") ?? 0)));
    };
    request.onerror = () => {
      heard(false);
      failed(new Unanswered());
    };
    request.onabort = () => failed(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(blob);
  });
}

/** Where a stored file's bytes are, for elements of this page. */
export const contentOf = (fileId) => `/v1/files/${fileId}/content`;
/** Where a small picture of a stored file is, in a format that every browser shows. */
export const previewOf = (fileId) => `/v1/files/${fileId}/preview`;
/** The faces of a stored photo; it costs nothing. */
export const facesOf = (fileId) => insist("GET", `/v1/files/${fileId}/faces`, { cache: "default" });
/** Where a small picture is of what a choice brings. */
export const choiceOf = (effect, params) => `/v1/effects/${effect}/preview?params=${encodeURIComponent(JSON.stringify(params))}`;

const SHOWN = /^image\/(jpeg|png|webp|gif|avif|bmp)$/;
/** Where a result can be seen: itself, or what the server makes of a format that browsers do not show. */
export const seenAt = ({ id, media_type }) => (SHOWN.test(media_type) ? contentOf(id) : previewOf(id));

/** A stored file's bytes. */
export const bytesOf = (fileId) => blobAt(contentOf(fileId));

/** The bytes at an address of the API. */
export async function blobAt(address) {
  const reply = await ask("GET", address);
  if (!reply.ok) throw await refusal(reply);
  return reply.blob();
}
