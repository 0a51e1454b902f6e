// Pages of effects that ask for something on the photo itself: a mask to paint, colours of points, faces to be told apart.
// Which of them an effect asks for, its declaration says: an input called mask, a list of points, a mapping of faces.

import { button, h } from "./dom.js";
import { EffectPage } from "./effect-page.js";
import "./brush.js";
import "./marks.js";
import * as store from "./store.js";
import { T } from "./texts.js";

export class MarkedPage extends EffectPage {
  #layer = null;
  #of = null; // id of the photo that the layer lies on
  #faces = null;

  get #masks() {
    return this.effect.inputs.find(({ name }) => name === "mask") ?? null;
  }

  drawn(input) {
    return input.name === "mask";
  }

  controls() {
    const [extra, ...others] = super.controls();
    if (this.#masks) extra.prepend(h("p", { class: "help paint-help", text: this.#masks.required ? T.brush.how : T.brush.may }));
    return [extra, ...others];
  }

  ownFields() {
    return {
      hints: () => null,
      mapping: (name, schema, value, change) => {
        this.setMapping = change;
        const problem = h("p", { class: "problem", role: "alert" });
        const find = button({ words: T.faces.find, on: { click: async () => {
          find.disabled = true;
          problem.textContent = await this.#findFaces().catch((error) => error.message) ?? "";
          find.disabled = false;
        } } });
        return h("fieldset", { class: "field" }, h("legend", { text: T.faces.title }), find, problem, h("p", { class: "help", text: T.faces.help }));
      },
    };
  }

  open() {
    const root = super.open();
    this.stage.addEventListener("shown", (event) => this.#put(event.detail));
    this.stage.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || !this.#layer?.back) return;
      event.preventDefault();
      this.#layer.back();
    });
    return root;
  }

  /** Lay the layer over a photo that has come; another photo gets an empty one. */
  #put({ seen, result }) {
    const item = this.item;
    if (!item || !seen) {
      this.stage.layer = null;
      return;
    }
    if (this.#of !== item.id) {
      this.#of = item.id;
      this.#faces = null;
      this.#layer = this.#make();
      this.stage.layer = this.#layer;
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
    return null;
  }

  refreshGo() {
    this.go.dataset.key = "";
    this.drawGo(this.item);
  }

  async #findFaces() {
    const item = this.item;
    if (!item) return T.effect.drop.photo;
    const run = store.run("detect_faces", { params: {} }, [item]);
    const job = await store.outcome(run, item.id);
    if (job.state !== "succeeded") return job.failure?.message ?? T.error.internal;
    this.#faces = job.facts.faces.map(({ box }) => box);
    if (!this.#faces.length) return T.faces.none;
    this.#showFaces();
    return null;
  }

  #showFaces() {
    if (!this.#faces) return;
    const boxes = document.createElement("face-boxes").over(this.stage);
    this.stage.layer = boxes;
    this.#layer = boxes;
    const count = this.inputs.references?.length ?? 0;
    const mapping = this.form.get("mapping") ?? this.#faces.map((_, place) => (place < count ? place : -1));
    boxes.use(this.#faces, count, mapping);
    this.setMapping(boxes.mapping);
    boxes.addEventListener("marked", () => this.setMapping([...boxes.mapping]));
  }

  changed(name) {
    if (name === "references") this.#showFaces();
  }

  hindered() {
    const other = super.hindered();
    if (other) return other;
    const painted = this.#layer?.painted ?? false;
    if (this.#masks?.required && !painted) return T.brush.first;
    return null;
  }

  /** What was painted or marked belongs to one photo. */
  alone() {
    return Boolean(this.#masks?.required || this.#layer?.painted || this.form.get("hints")?.length || this.#faces);
  }

  async run(photos) {
    if (!this.#layer?.painted) return super.run(photos);
    const mask = await store.store(await this.#layer.mask(), "mask.png");
    this.inputs.mask = [{ name: "mask.png", fileId: mask.id }];
    await super.run(photos);
    delete this.inputs.mask;
  }
}
