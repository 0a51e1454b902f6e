// Layers of marks on a photo; <color-points> says the true colours of places.

import { button, h } from "./dom.js";
import { hex } from "./form.js";
import { T } from "./texts.js";

/** What such layers share: marks keep their size on the screen however far the photo is zoomed. */
export class Marks extends HTMLElement {
  grabs = true;
  tools = [];
  stage;

  over(stage) {
    this.stage = stage;
    const unscale = () => this.style.setProperty("--unscale", String(stage.size.width / Math.max(1, this.getBoundingClientRect().width)));
    stage.addEventListener("placed", unscale);
    queueMicrotask(unscale);
    return this;
  }

  place(element, x, y) {
    const { width, height } = this.stage.sourceSize;
    Object.assign(element.style, { left: `${(x / width) * 100}%`, top: `${(y / height) * 100}%` });
  }

  press() {}
  drag() {}
  release() {}
}

export class ColorPoints extends Marks {
  help = T.points.keys;
  points = []; // { x, y, color }
  #held = null;

  over(stage) {
    super.over(stage);
    this.color = h("input", { type: "color", value: "#B5651D", "aria-label": T.points.color });
    this.tools = [h("span", { class: "help", text: T.points.how }), this.color, button({ words: T.brush.clear, class: "quiet", on: { click: () => this.use([]) } })];
    this.draw();
    return this;
  }

  use(points) {
    this.points = points;
    this.draw();
    this.dispatchEvent(new Event("marked"));
  }

  /** A hook: what a new point says beside its place. */
  made(place) {
    return { ...place, color: this.color.value.toUpperCase() };
  }

  /** A hook: whether a point is on what is seen. */
  seen() {
    return true;
  }

  press(at, event) {
    const pressed = event.target.closest?.(".point") ?? document.elementsFromPoint(event.clientX, event.clientY).find((element) => element.classList.contains("point"));
    this.#held = pressed ? Number(pressed.dataset.place) : this.points.push(this.made(this.#within(at))) - 1;
    if (!pressed) this.use(this.points);
  }

  #within({ x, y }) {
    const { width, height } = this.stage.sourceSize;
    const inside = (value, most) => Math.min(most - 1, Math.max(0, Math.round(value)));
    return { x: inside(x, width), y: inside(y, height) };
  }

  drag(at) {
    if (this.#held === null) return;
    this.points[this.#held] = { ...this.points[this.#held], ...this.#within(at) };
    this.draw();
  }

  release() {
    this.#held = null;
    this.dispatchEvent(new Event("marked"));
  }

  abandon() {
    this.#held = null;
  }

  /** Enter puts a point into the middle; from there arrows move it. */
  key(event) {
    if (event.key !== "Enter") return false;
    const { width, height } = this.stage.sourceSize;
    this.use([...this.points, this.made(this.#within({ x: width / 2, y: height / 2 }))]);
    this.querySelector(".point:last-of-type")?.focus();
    return true;
  }

  draw() {
    if (!this.stage) return;
    this.replaceChildren(...this.points.flatMap((point, place) => {
      if (!this.seen(point)) return [];
      const dot = h("button", { type: "button", class: "point", dataset: { place: String(place) }, "aria-label": T.points.at(point), on: { keydown: (event) => this.#move(event, place) } });
      dot.style.background = hex(point.color);
      this.place(dot, point.x + 0.5, point.y + 0.5);
      return dot;
    }));
  }

  #move(event, place) {
    const step = Math.max(1, this.stage.sourceSize.width / 200) * (event.shiftKey ? 8 : 1);
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) {
      const point = this.points[place];
      this.points[place] = { ...point, ...this.#within({ x: point.x + moves[event.key][0], y: point.y + moves[event.key][1] }) };
      this.draw();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.points.splice(place, 1);
      this.draw();
    } else return;
    event.preventDefault();
    event.stopPropagation();
    this.dispatchEvent(new Event("marked"));
    (this.querySelector(`[data-place="${place}"]`) ?? this.querySelector(".point:last-of-type"))?.focus();
  }
}

customElements.define("color-points", ColorPoints);
