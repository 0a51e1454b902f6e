// <mask-brush>: paint on the photo what is meant. Strokes are kept as lines, so that each can be taken back and the mask is
// drawn at the photo's own size.

import { button, h } from "./dom.js";
import { ICONS } from "./icons.js";
import { T } from "./texts.js";

const SHOWN = 1600; // px of the longer side of what is drawn on the screen

export class MaskBrush extends HTMLElement {
  grabs = true;
  help = T.brush.how;
  #stage;
  #canvas = h("canvas", { class: "veil", role: "img" });
  #ring = h("span", { class: "ring", hidden: true });
  #strokes = [];
  #undone = [];
  #stroke = null;
  #erases = false;
  #radius = 24; // CSS px on the screen
  #at = null;
  tools = [];

  /** @param {import("./stage.js").PhotoStage} stage */
  over(stage) {
    this.#stage = stage;
    const { width, height } = stage.sourceSize;
    const scale = Math.min(1, SHOWN / Math.max(width, height, 1));
    Object.assign(this.#canvas, { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
    this.#canvas.setAttribute("aria-label", T.brush.painted(0));
    this.append(this.#canvas, this.#ring);
    const tool = (glyph, label, key, work) => button({ glyph, label: `${label} (${key})`, class: "quiet", on: { click: work } });
    this.brush = tool(ICONS.brush, T.brush.brush, "X", () => this.#choose(false));
    this.eraser = tool(ICONS.eraser, T.brush.eraser, "X", () => this.#choose(true));
    this.hand = tool(ICONS.hand, T.brush.hand, "H", () => this.#rest());
    this.size = h("input", { type: "range", min: 3, max: 120, value: String(this.#radius), "aria-label": T.brush.size, on: { input: () => { this.#radius = Number(this.size.value); } } });
    this.undo = tool(ICONS.undo, T.brush.undo, "Ctrl Z", () => this.back());
    this.empty = button({ glyph: ICONS.trash, label: T.brush.clear, class: "quiet", on: { click: () => this.#all() } });
    this.tools = [this.brush, this.eraser, this.hand, this.size, this.undo, this.empty];
    this.#choose(false);
    return this;
  }

  /** What was painted, in a word that changes with every stroke. */
  get marks() {
    return this.painted ? this.#strokes.map(({ erases, points }) => `${erases ? "-" : "+"}${points.length}:${points.at(-1)?.x},${points.at(-1)?.y}`).join(" ") : "";
  }

  /** What was painted, as it is seen: opaque there, clear elsewhere. */
  get shown() {
    return this.#canvas;
  }

  get painted() {
    return this.#strokes.some((stroke) => !stroke.erases);
  }

  /** Away while the result is looked at; a tool brings it back. */
  set resting(resting) {
    if (resting) this.#rest();
    this.classList.toggle("resting", resting);
  }

  #choose(erases) {
    this.grabs = true;
    this.#erases = erases;
    this.classList.remove("resting");
    this.brush.setAttribute("aria-pressed", String(!erases));
    this.eraser.setAttribute("aria-pressed", String(erases));
    this.hand.setAttribute("aria-pressed", "false");
    this.#draw();
  }

  #rest() {
    this.grabs = false;
    this.#ring.hidden = true;
    for (const [tool, on] of [[this.brush, false], [this.eraser, false], [this.hand, true]]) tool.setAttribute("aria-pressed", String(on));
  }

  // -- strokes -------------------------------------------------------------------------------------------------------

  press(at) {
    this.#stroke = { erases: this.#erases, radius: this.#radius / this.#stage.pixel, points: [at] };
    this.#strokes.push(this.#stroke);
    this.#undone = [];
    this.#line(this.#canvas, this.#stroke);
  }

  drag(at) {
    if (!this.#stroke) return;
    this.#stroke.points.push(at);
    this.#line(this.#canvas, { ...this.#stroke, points: this.#stroke.points.slice(-2) });
  }

  release() {
    this.#stroke = null;
    this.#tell();
  }

  /** A second finger came: the first one did not mean to paint. */
  abandon() {
    if (!this.#stroke) return;
    this.#strokes.pop();
    this.#stroke = null;
    this.#draw();
  }

  hover(at) {
    this.#at = at;
    this.#ring.hidden = !this.grabs;
    const { width, height } = this.#stage.sourceSize;
    const radius = this.#radius / this.#stage.pixel;
    Object.assign(this.#ring.style, { left: `${((at.x - radius) / width) * 100}%`, top: `${((at.y - radius) / height) * 100}%`, width: `${((2 * radius) / width) * 100}%`, height: `${((2 * radius) / height) * 100}%` });
  }

  /** All by keys: arrows move the brush, the space bar paints. */
  key(event) {
    const key = event.key.toLowerCase();
    if (key === "x") this.#choose(!this.#erases);
    else if (key === "h") this.#rest();
    else if (key === "[" || key === "]") {
      this.#radius = Math.min(120, Math.max(3, this.#radius * (key === "]" ? 1.25 : 0.8)));
      this.size.value = String(this.#radius);
      if (this.#at) this.hover(this.#at);
    } else if (this.grabs && event.key.startsWith("Arrow")) {
      const { width, height } = this.#stage.sourceSize;
      const step = (this.#radius / this.#stage.pixel) * (event.shiftKey ? 3 : 0.75);
      const from = this.#at ?? { x: width / 2, y: height / 2 };
      const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      this.hover({ x: Math.min(width, Math.max(0, from.x + dx)), y: Math.min(height, Math.max(0, from.y + dy)) });
    } else if (this.grabs && (event.key === " " || event.key === "Enter")) {
      const { width, height } = this.#stage.sourceSize;
      this.hover(this.#at ?? { x: width / 2, y: height / 2 });
      this.press(this.#at);
      this.release();
    } else return false;
    return true;
  }

  back() {
    const last = this.#strokes.pop();
    if (last?.cleared) this.#strokes.push(...last.cleared);
    this.classList.remove("resting");
    this.#draw();
    this.#tell();
  }

  #all() {
    if (this.#strokes.length) this.#strokes = [{ erases: true, radius: 0, points: [], cleared: this.#strokes }];
    this.#draw();
    this.#tell();
  }

  /** Told to those who cannot see it. */
  #tell() {
    this.#canvas.setAttribute("aria-label", T.brush.painted(this.#strokes.filter(({ erases }) => !erases).length));
    this.dispatchEvent(new Event("painted"));
  }

  #draw() {
    this.#canvas.getContext("2d").clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    for (const stroke of this.#strokes) this.#line(this.#canvas, stroke);
  }

  #line(canvas, { erases, radius, points }, color = "#f0f") {
    if (!points.length) return;
    const context = canvas.getContext("2d");
    const scale = canvas.width / this.#stage.sourceSize.width;
    context.globalCompositeOperation = erases ? "destination-out" : "source-over";
    Object.assign(context, { lineWidth: 2 * radius * scale, lineCap: "round", lineJoin: "round", strokeStyle: color, fillStyle: color });
    context.beginPath();
    if (points.length === 1) {
      context.arc(points[0].x * scale, points[0].y * scale, radius * scale, 0, 2 * Math.PI);
      context.fill();
      return;
    }
    points.forEach(({ x, y }, place) => (place ? context.lineTo(x * scale, y * scale) : context.moveTo(x * scale, y * scale)));
    context.stroke();
  }

  /** The mask at the photo's own size: white where it was painted, black elsewhere. */
  async mask() {
    const { width, height } = this.#stage.sourceSize;
    const painted = h("canvas", { width, height });
    for (const stroke of this.#strokes) this.#line(painted, stroke, "#fff");
    const canvas = h("canvas", { width, height });
    const context = canvas.getContext("2d");
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    context.drawImage(painted, 0, 0);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }
}

customElements.define("mask-brush", MaskBrush);
