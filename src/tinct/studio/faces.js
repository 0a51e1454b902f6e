// Faces: <face-boxes> shows on the photo which of them are meant, <face-list> says in words which face gets which reference.

import { facesOf } from "./api.js";
import { button, h, uid } from "./dom.js";
import { ICONS } from "./icons.js";
import { Marks } from "./marks.js";
import { T } from "./texts.js";

const KEEP = -1; // of a face that stays as it is
const CROP = 48; // CSS px of a face's small picture

/** @typedef {{width: number, height: number, faces: {box: number[]}[]}} Found as the server tells it */

const known = new Map(); // file id -> Promise<Found>

/** The faces of a stored photo, asked for once. @returns {Promise<Found>} */
export function facesIn(fileId) {
  if (!known.has(fileId)) {
    known.set(fileId, facesOf(fileId));
    known.get(fileId).catch(() => known.delete(fileId));
  }
  return known.get(fileId);
}

const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);

/** Places of the `count` largest faces, from left to right. */
export function largest(faces, count) {
  return faces.map((_, place) => place).sort((a, b) => area(faces[b].box) - area(faces[a].box)).slice(0, count).sort((a, b) => a - b);
}

/** Which reference each face gets where nobody chose: the largest faces get them, from left to right. */
export function fallback(faces, references) {
  const chosen = largest(faces, references);
  return faces.map((_, place) => chosen.indexOf(place));
}

export class FaceBoxes extends Marks {
  grabs = false;
  #boxes = [];

  over(stage) {
    super.over(stage);
    this.eye = button({ glyph: ICONS.detect_faces, label: T.faces.shown, class: "quiet", "aria-pressed": "true", on: { click: () => { this.resting = !this.classList.contains("resting"); } } });
    this.tools = [this.eye];
    return this;
  }

  /** Away while the result is looked at; the tool brings them back. */
  set resting(resting) {
    this.classList.toggle("resting", resting);
    this.eye.setAttribute("aria-pressed", String(!resting));
  }

  /**
   * @param {Found} found
   * @param {{meant: (place: number) => boolean, press?: ((place: number) => void) | null, says: (place: number) => string}} how
   *   which faces are meant, what happens where one is pressed, and what is said of each
   */
  show(found, { meant, press = null, says }) {
    const focused = this.#boxes.findIndex((box) => box.contains(document.activeElement));
    this.#boxes = found.faces.map(({ box: [left, top, right, bottom] }, place) => {
      const tag = press
        ? button({ words: says(place), class: "face-tag", "aria-label": T.faces.press(place + 1, says(place)), on: { pointerdown: (event) => event.stopPropagation(), click: () => press(place) } })
        : h("span", { class: "face-tag", text: says(place) });
      const box = h("span", { class: "face", dataset: { meant: meant(place) ? "yes" : "no" } }, says(place) ? tag : null);
      Object.assign(box.style, {
        left: `${(left / found.width) * 100}%`, top: `${(top / found.height) * 100}%`, width: `${((right - left) / found.width) * 100}%`, height: `${((bottom - top) / found.height) * 100}%`,
      });
      return box;
    });
    this.replaceChildren(...this.#boxes);
    if (focused >= 0) this.#boxes[focused]?.querySelector("button")?.focus();
  }
}

/** One row a face: what it looks like, and the reference that it gets. */
export class FaceList extends HTMLElement {
  /**
   * @param {Found} found
   * @param {{picture: CanvasImageSource | null, references: {name: string}[], mapping: number[], choose: (place: number, reference: number) => void}} how
   */
  show(found, { picture, references, mapping, choose }) {
    const focused = [...this.querySelectorAll("select")].indexOf(/** @type {any} */ (document.activeElement));
    this.replaceChildren(...found.faces.map(({ box }, place) => {
      const id = uid("face");
      const select = h("select", { id, disabled: !references.length, on: { change: () => choose(place, select.selectedIndex + KEEP) } },
        h("option", { text: T.faces.keep }), ...references.map(({ name }, number) => h("option", { text: T.faces.gets(number + 1, name) })));
      select.selectedIndex = (mapping[place] ?? KEEP) - KEEP;
      return h("div", { class: "face-row" }, crop(picture, box, found), h("label", { htmlFor: id, text: T.faces.face(place + 1) }), select);
    }));
    if (focused >= 0) this.querySelectorAll("select")[focused]?.focus();
  }
}

/** A face's small picture. */
function crop(picture, [left, top, right, bottom], { width, height }) {
  const side = CROP * window.devicePixelRatio;
  const canvas = h("canvas", { width: side, height: side, "aria-hidden": "true" });
  const across = picture?.naturalWidth ?? picture?.width ?? 0;
  if (!across) return canvas;
  const scale = across / width;
  const room = 1.3 * Math.max(right - left, bottom - top);
  const from = { x: Math.min(Math.max(0, (left + right - room) / 2), width - room), y: Math.min(Math.max(0, (top + bottom - room) / 2), height - room) };
  canvas.getContext("2d").drawImage(picture, from.x * scale, from.y * scale, room * scale, room * scale, 0, 0, side, side);
  return canvas;
}

customElements.define("face-boxes", FaceBoxes);
customElements.define("face-list", FaceList);
