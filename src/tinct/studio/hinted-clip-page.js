// A page of an effect on clips that is told true colours: points on frames, each followed from its moment on and back.

import { ClipPage } from "./clip-page.js";
import "./clip-points.js";
import { button, h } from "./dom.js";
import { ICONS } from "./icons.js";
import { T } from "./texts.js";

export class HintedClipPage extends ClipPage {
  #layer = null;
  #of = null; // id of the clip that the points are of

  controls() {
    const [extra, ...others] = super.controls();
    this.told = h("p", { class: "help" });
    this.list = h("ul", { class: "hint-list" });
    extra.prepend(h("fieldset", { class: "field hints" }, h("legend", { text: T.points.title }), this.told, this.list));
    return [extra, ...others];
  }

  ownFields() {
    return { ...super.ownFields(), hints: () => null };
  }

  open() {
    const root = super.open();
    this.stage.addEventListener("shown", (event) => this.#put(event.detail.seen));
    this.#list();
    return root;
  }

  restore(params) {
    super.restore(params);
    this.#layer?.use([...(params.hints ?? [])]);
  }

  /** Lay the points over a clip that has come; those of the address are of the first, any other begins with none. */
  #put(seen) {
    const item = this.item;
    if (item && seen && this.#of !== item.id) {
      const given = this.#of ? [] : this.form.get("hints") ?? [];
      this.#of = item.id;
      this.#layer = document.createElement("clip-points").over(this.stage);
      this.#layer.addEventListener("marked", () => this.#marked());
      this.#layer.use([...given]);
    }
    this.stage.layer = item && seen ? this.#layer : null;
    this.#list();
  }

  #marked() {
    const { points } = this.#layer;
    this.form.set("hints", points.length ? points : undefined);
    this.#list();
  }

  #list() {
    const points = this.#layer?.points ?? [];
    this.told.textContent = this.item && this.seen === false ? T.points.unseen : points.length ? T.points.followed : T.points.onClip;
    const focused = [...this.list.children].findIndex((row) => row.contains(document.activeElement));
    this.list.hidden = !points.length;
    this.list.replaceChildren(...points.map((point, place) => {
      const swatch = h("span", { class: "hint-color", "aria-hidden": "true" });
      swatch.style.background = point.color;
      return h("li", {},
        h("button", { type: "button", class: "quiet hint-at", title: T.points.go, on: { click: () => this.stage.go(point.at) } }, swatch, h("span", { text: T.points.row(point) })),
        button({ glyph: ICONS.trash, label: T.points.remove(point), class: "quiet", on: { click: () => this.#layer.use(points.filter((_, other) => other !== place)) } }));
    }));
    if (focused >= 0) (this.list.children[Math.min(focused, points.length - 1)]?.querySelector("button") ?? this.stage.querySelector(".view"))?.focus();
  }

  /** Points belong to one clip. */
  alone() {
    return Boolean(this.form.get("hints")?.length) || super.alone();
  }

  /** Of the points, those of the frame that is tried, in its pixels. */
  orderOfFrame() {
    const { params: { hints = [], ...params }, inputs } = super.orderOfFrame();
    const seen = this.stage.frameSize, whole = this.stage.sourceSize;
    const here = hints.filter(({ at }) => this.stage.shows(at)).map(({ x, y, color }) => ({ x: Math.floor((x * seen.width) / whole.width), y: Math.floor((y * seen.height) / whole.height), color }));
    return { params: here.length ? { ...params, hints: here } : params, inputs };
  }
}
