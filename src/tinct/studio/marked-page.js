// Pages of effects that ask for something on the photo itself: a mask to paint, colours of points, faces to be told apart.
// Which of them an effect asks for, its declaration says: an input called mask, a list of points, faces that it works on.

import { h } from "./dom.js";
import { EffectPage } from "./effect-page.js";
import "./brush.js";
import { facesIn, fallback, largest } from "./faces.js";
import "./marks.js";
import * as store from "./store.js";
import { T } from "./texts.js";

export class MarkedPage extends EffectPage {
  #layer = null;
  #of = null; // id of the photo that the layer lies on
  #found = null; // its faces, as the server tells them
  #asked; // id of the file whose faces were asked for; null while there is none
  #mapping = null; // number of the reference of each face, where somebody chose

  get #masks() {
    return this.effect.inputs.find(({ name }) => name === "mask") ?? null;
  }

  get #maps() {
    return "mapping" in (this.effect.params.properties ?? {});
  }

  drawn(input) {
    return input.name === "mask";
  }

  controls() {
    const [extra, ...others] = super.controls();
    if (this.#masks) extra.prepend(h("p", { class: "help paint-help", text: this.#masks.required ? T.brush.how : T.brush.may[this.effect.name] ?? T.brush.may.background }));
    if (this.effect.faces && !this.#masks) {
      this.told = h("p", { class: "help faces-told", role: "status" });
      this.list = document.createElement("face-list");
      extra.append(h("fieldset", { class: "field faces" }, h("legend", { text: T.faces.title }), this.told, this.list));
      this.form.addEventListener("change", () => this.#drawFaces());
    }
    return [extra, ...others];
  }

  ownFields() {
    return { ...super.ownFields(), hints: () => null, mapping: () => null };
  }

  open() {
    const root = super.open();
    this.stage.addEventListener("shown", (event) => this.#put(event.detail));
    this.stage.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || !this.#layer?.back) return;
      event.preventDefault();
      event.stopPropagation();
      this.#layer.back();
    });
    return root;
  }

  refresh() {
    super.refresh();
    if (this.told) void this.#seek();
  }

  /** Lay the layer over a photo that has come; another photo gets an empty one. */
  #put({ seen, result }) {
    const item = this.item;
    if (!item || !seen) {
      this.stage.layer = null;
      return;
    }
    if (this.#of !== item.id) {
      if (this.#of && this.form.get("hints")?.length) this.form.set("hints", undefined); // they are of that one
      this.#of = item.id;
      this.#layer = this.#make();
      this.stage.layer = this.#layer;
      this.#drawFaces();
    }
    if (this.#layer && "resting" in Object.getPrototypeOf(this.#layer)) this.#layer.resting = result;
    this.refreshGo();
  }

  #make() {
    const properties = this.effect.params.properties ?? {};
    if (this.#masks) {
      const brush = document.createElement("mask-brush").over(this.stage);
      brush.addEventListener("painted", () => this.refreshGo());
      return brush;
    }
    if ("hints" in properties) {
      const points = document.createElement("color-points").over(this.stage);
      points.addEventListener("marked", () => this.form.set("hints", points.points.length ? points.points : undefined));
      if (this.form.get("hints")?.length) points.use(this.form.get("hints"));
      return points;
    }
    return this.told ? document.createElement("face-boxes").over(this.stage) : null;
  }

  restore(params) {
    super.restore(params);
    if (this.#layer?.localName === "color-points") this.#layer.use([...(params.hints ?? [])]);
    if (this.#maps) this.#choose(params.mapping ?? null);
  }

  refreshGo() {
    this.go.dataset.key = "";
    this.drawGo(this.item);
  }

  // -- faces ---------------------------------------------------------------------------------------------------------

  /** Ask where the faces are, as soon as the server has the photo. */
  async #seek() {
    const asked = this.item?.fileId ?? null;
    if (this.#asked === asked) return;
    this.#asked = asked;
    this.#found = null;
    this.#choose(null);
    this.#drawFaces();
    if (!asked) return;
    try {
      const found = await facesIn(asked);
      if (asked !== this.#asked) return;
      this.#found = found;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.told.textContent = error.message;
      return;
    }
    this.#drawFaces();
  }

  #drawFaces() {
    if (!this.told) return;
    const found = this.#found, count = found?.faces.length ?? 0;
    const references = this.inputs.references ?? [];
    const mapping = count ? this.#mapping ?? fallback(found.faces, references.length) : [];
    const all = this.effect.faces === "all" || this.form.get("everybody");
    const one = count ? largest(found.faces, 1)[0] : -1;
    const meant = (place) => (this.#maps ? mapping[place] >= 0 : all || place === one);
    const words = !this.item ? T.faces.later : !found ? T.faces.seeks : !count ? T.faces.none : this.#maps ? (references.length ? T.faces.choose : T.faces.first(count)) : T.faces.found(count, all);
    if (this.told.textContent !== words) this.told.textContent = words;
    if (this.#layer?.localName === "face-boxes") {
      const next = (place) => this.#choose(mapping.map((number, at) => (at !== place ? number : number + 1 < references.length ? number + 1 : -1)));
      this.#layer.show(found ?? { width: 1, height: 1, faces: [] }, {
        meant,
        press: this.#maps && references.length ? next : null,
        says: (place) => (this.#maps ? T.faces.tag(place + 1, mapping[place] + 1) : count > 1 ? String(place + 1) : ""),
      });
    }
    this.list.hidden = !this.#maps || !count;
    if (!this.list.hidden) {
      const choose = (place, number) => this.#choose(mapping.map((other, at) => (at === place ? number : other)));
      this.list.show(found, { picture: this.stage.querySelector("img.before:not([hidden])"), references, mapping, choose });
    }
  }

  /** Which reference each face gets; null: as it comes. One reference for the largest face need not be said. */
  #choose(mapping) {
    if (!this.#maps) return;
    const references = this.inputs.references?.length ?? 0;
    this.#mapping = mapping;
    const sent = mapping ?? (references > 1 && this.#found ? fallback(this.#found.faces, references) : undefined);
    if (JSON.stringify(this.form.get("mapping") ?? null) !== JSON.stringify(sent ?? null)) this.form.set("mapping", sent);
    this.#drawFaces();
  }

  changed(name) {
    super.changed(name);
    if (name === "references" && this.told) this.#choose(null);
  }

  hindered() {
    const other = super.hindered();
    if (other) return other;
    if (this.#masks?.required && !this.#layer?.painted) return T.brush.first;
    if (this.#mapping && this.#mapping.every((number) => number < 0)) return T.faces.nobody;
    return null;
  }

  /** What was painted or marked belongs to one photo. */
  alone() {
    return Boolean(this.#masks?.required || this.#layer?.painted || this.form.get("hints")?.length || this.form.get("mapping"));
  }

  async run(photos) {
    if (!this.#layer?.painted) return super.run(photos);
    const mask = await store.store(await this.#layer.mask(), "mask.png");
    this.inputs.mask = [{ name: "mask.png", fileId: mask.id }];
    await super.run(photos);
    delete this.inputs.mask;
  }
}
