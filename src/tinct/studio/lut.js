// Colour maps in the browser: read from the strip that the server gives, applied to small copies, written as .cube files.

import { bytesOf } from "./api.js";

/** @typedef {{size: number, nodes: Float32Array}} Lut nodes as red, green, blue in 0..1; red runs fastest, then green, then blue */

const known = new Map(); // file id -> Promise<Lut>

/** The map in a stored strip. */
export function lutOf(fileId) {
  if (!known.has(fileId)) {
    known.set(fileId, bytesOf(fileId).then(strip));
    known.get(fileId).catch(() => known.delete(fileId));
  }
  return known.get(fileId);
}

/** @returns {Promise<Lut>} */
async function strip(blob) {
  const { width, height, rows } = await png16(new Uint8Array(await blob.arrayBuffer()));
  const n = height;
  if (width !== n * n) throw new Error("not a strip");
  const nodes = new Float32Array(n * n * n * 3);
  for (let green = 0; green < n; green += 1) {
    for (let x = 0; x < width; x += 1) {
      const blue = Math.floor(x / n), red = x % n;
      const to = ((blue * n + green) * n + red) * 3, from = (green * width + x) * 3;
      for (let channel = 0; channel < 3; channel += 1) nodes[to + channel] = rows[from + channel] / 65535;
    }
  }
  return { size: n, nodes };
}

/**
 * An RGB PNG of 16 bits, whole; a canvas would round it to 8 (PNG specification, third edition, 7 to 10).
 * @returns {Promise<{width: number, height: number, rows: Uint16Array}>}
 */
async function png16(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = [];
  let width = 0, height = 0;
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (kind === "IHDR") {
      [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
      if (bytes[at + 16] !== 16 || bytes[at + 17] !== 2 || bytes[at + 20] !== 0) throw new Error("not RGB of 16 bits");
    }
    if (kind === "IDAT") parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const inflated = new Uint8Array(await new Response(new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());
  return { width, height, rows: unfiltered(inflated, width, height) };
}

function unfiltered(data, width, height) {
  const step = 6, line = width * step;
  const rows = new Uint16Array(width * height * 3);
  let above = new Uint8Array(line);
  for (let y = 0; y < height; y += 1) {
    const filter = data[y * (line + 1)];
    const here = data.slice(y * (line + 1) + 1, (y + 1) * (line + 1));
    for (let i = 0; i < line; i += 1) {
      const left = i >= step ? here[i - step] : 0;
      const up = above[i], corner = i >= step ? above[i - step] : 0;
      if (filter === 1) here[i] += left;
      else if (filter === 2) here[i] += up;
      else if (filter === 3) here[i] += (left + up) >> 1;
      else if (filter === 4) here[i] += nearest(left, up, corner);
    }
    for (let i = 0; i < width * 3; i += 1) rows[y * width * 3 + i] = (here[2 * i] << 8) | here[2 * i + 1];
    above = here;
  }
  return rows;
}

function nearest(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** The map as an Adobe .cube file. */
export function cube({ size, nodes }, title) {
  const lines = [`TITLE "${title.replace(/["\n]/g, " ")}"`, `LUT_3D_SIZE ${size}`];
  for (let at = 0; at < nodes.length; at += 3) lines.push(`${nodes[at].toFixed(6)} ${nodes[at + 1].toFixed(6)} ${nodes[at + 2].toFixed(6)}`);
  return new Blob([lines.join("\n"), "\n"], { type: "text/plain" });
}

let worker = null;
let asked = 0;
const waiting = new Map();

/**
 * Recolour pixels beside the page, so that it stays quick.
 * @param {ImageData} source @param {Lut} lut
 * @returns {Promise<ImageData>}
 */
export function recolored(source, lut) {
  worker ??= started();
  asked += 1;
  const id = asked;
  return new Promise((done) => {
    waiting.set(id, (data) => done(new ImageData(data, source.width, source.height)));
    worker.postMessage({ id, data: source.data, size: lut.size, nodes: lut.nodes });
  });
}

function started() {
  const made = new Worker(new URL("./lut-worker.js", import.meta.url), { type: "module" });
  made.onmessage = ({ data: { id, data } }) => {
    waiting.get(id)?.(data);
    waiting.delete(id);
  };
  return made;
}
