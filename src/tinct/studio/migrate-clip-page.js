// Colour migration of clips: the controls of photos, looks tried on one frame, and a look that can be kept.

import { seenAt } from "./api.js";
import { forClips } from "./clip-page.js";
import { button, debounced, h } from "./dom.js";
import { EffectPage } from "./effect-page.js";
import { ICONS } from "./icons.js";
import { lutOf, recolored } from "./lut.js";
import { migrating } from "./migrate-controls.js";
import { PROXY, pixels } from "./pictures.js";
import * as store from "./store.js";
import { T } from "./texts.js";

const LOOKS = 4; // that one frame gets

export class MigrateClipPage extends migrating(forClips(EffectPage)) {
  #tried = null; // { job, at, place }: looks of one frame, and which of them is seen
  #turn = 0;
  #trying = false; // whether what a frame would become is drawn again wherever the clip rests
  #made = null; // the job whose result was shown last

  open() {
    const root = super.open();
    this.tries = h("div", { class: "results tries", role: "group", "aria-label": T.clip.looks, hidden: true });
    this.results.after(this.tries);
    const draw = debounced(() => this.#trying && void this.#drawStill(), 30);
    this.stage.addEventListener("rested", draw);
    this.form.addEventListener("change", ({ detail: { name } }) => {
      if (name === "degree") this.stage.degree = this.form.get("degree");
      this.#drawLook();
    });
    return root;
  }

  order() {
    const { params, ...order } = super.order();
    const degree = this.form.values.degree;
    return { ...order, params: { ...params, maps: true, ...(degree === undefined ? {} : { degree }) } };
  }

  // -- a frame -------------------------------------------------------------------------------------------------------

  orderOfFrame() {
    const { params, inputs } = super.orderOfFrame();
    const { degree, ...others } = params; // the strength is blended here, so that it can be changed
    return { params: { ...others, maps: true, ...(this.tab === "auto" ? { count: LOOKS } : {}) }, inputs };
  }

  async showTry(job, at) {
    this.#tried = { job, at, place: 0 };
    this.#trying = true;
    if (this.tab === "map") this.#tried = null; // its map is there already; people are kept in what came
    const looks = this.#looks;
    this.tries.hidden = looks.length < 2;
    this.tries.replaceChildren(...looks.map((result, place) => h("div", { class: "result" }, h("button", { type: "button", class: "pick", "aria-pressed": String(!place), "aria-label": T.clip.look(place + 1), on: { click: () => this.#pick(place) } }, h("img", { src: seenAt(result), alt: "" })))));
    await this.showStill(job.results[0], at, this.form.get("degree"));
    this.#drawLook();
  }

  get #looks() {
    return this.#tried?.job.results.filter(({ role }) => role === "main" || role === "variant") ?? [];
  }

  #pick(place) {
    this.#tried.place = place;
    this.#trying = true;
    this.tries.querySelectorAll(".pick").forEach((pick, number) => pick.setAttribute("aria-pressed", String(number === place)));
    void this.#drawStill();
    this.#drawLook();
  }

  /** The colour map that is looked at: a saved look, or one that a frame got. */
  get #map() {
    return this.active?.map ?? this.#tried?.job.results.filter(({ role }) => role === "map")[this.#tried.place]?.id ?? null;
  }

  use(look) {
    super.use(look);
    this.#trying = true;
    void this.#drawStill();
  }

  /** Show the frame that is seen under the look: as the server made it, or by the look's map in this browser. */
  async #drawStill() {
    const turn = ++this.#turn;
    const { at } = this.stage;
    const made = !this.active && this.#tried?.at === at ? this.#looks[this.#tried.place] : null;
    if (made) return this.showStill(made, at, this.form.get("degree"));
    const frame = this.#map && this.stage.frame(PROXY);
    if (!frame) return;
    const canvas = h("canvas", { width: frame.width, height: frame.height, role: "img", "aria-label": T.stage.result });
    canvas.getContext("2d").putImageData(await recolored(pixels(frame), await lutOf(this.#map)), 0, 0);
    if (turn !== this.#turn || this.stage.at !== at) return;
    this.stage.still(canvas, this.form.get("degree"));
    this.say(this.form.get("portrait") ? T.clip.mapped : T.clip.mappedAll);
  }

  // -- the look ------------------------------------------------------------------------------------------------------

  drawStage(item) {
    if (this.#tried && this.stage.dataset.item !== item?.id) {
      this.#tried = null;
      this.tries.hidden = true;
      this.say("");
    }
    this.stage.dataset.item = item?.id ?? "";
    const job = item && this.jobFor(item);
    if (job?.results.length && job.id !== this.#made) {
      this.#made = job.id; // what was tried is not laid over what came of it
      this.#trying = false;
      this.#turn += 1;
    }
    super.drawStage(item);
    this.#drawLook();
  }

  #drawLook() {
    if (!this.look) return;
    const item = this.item;
    const own = this.#map;
    const map = own ?? (item && this.jobFor(item)?.results.find(({ role }) => role === "map")?.id);
    this.look.hidden = !map || !item;
    const give = () => store.run(this.effect.name, { params: { mode: "map", ...this.people(), ...this.#degree }, inputs: { map: own } }, [item]);
    this.look.replaceChildren(...(this.look.hidden ? [] : [
      own && this.tab !== "map" ? button({ words: T.clip.give(this.form.get("degree")), glyph: ICONS.save, class: "apply", on: { click: give } }) : "",
      ...this.mapButtons(map, this.active?.name ?? item.name),
    ]));
  }

  get #degree() {
    const degree = this.form.values.degree;
    return degree === undefined ? {} : { degree };
  }
}
