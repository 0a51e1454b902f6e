// Colour migration of photos: looks as a contact sheet; strength, people and a painted region are seen at once.

import { bytesOf, seenAt } from "./api.js";
import { strip } from "./cards.js";
import { button, debounced, h, uid } from "./dom.js";
import { EffectPage, naturalOf } from "./effect-page.js";
import { ICONS } from "./icons.js";
import { lutOf, recolored } from "./lut.js";
import { migrating } from "./migrate-controls.js";
import { fitted, loadedFrom, mainColors, pixels, PROXY } from "./pictures.js";
import * as store from "./store.js";
import { T } from "./texts.js";

export class MigratePage extends migrating(EffectPage) {
  #proxies = new Map(); // photo id -> Promise<ImageData>
  #masks = new Map(); // file id -> Promise<ImageBitmap>
  #drawn = 0;
  #showsPeople = false;
  #region = null; // a brush over the photo, where a part alone is recoloured
  #regionOf = null; // the photo that it lies on
  #made = ""; // the painted region that the last looks were made for

  constructor(effect, query) {
    super(effect, query);
    this.params = { ...this.defaults, ...this.params };
  }

  get defaults() {
    return { count: 4 };
  }

  open() {
    const root = super.open();
    this.strips = h("div", { class: "strips", hidden: true });
    this.stage.after(this.strips);
    const redraw = debounced(() => void this.#preview(), 30);
    this.form.addEventListener("change", ({ detail: { name } }) => {
      if (name === "degree") this.#blend();
      else if (["portrait", "strength"].includes(name)) redraw();
      this.#drawLook();
    });
    this.stage.addEventListener("shown", () => this.#layRegion());
    this.stage.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || !this.#region) return;
      event.preventDefault();
      event.stopPropagation();
      this.#region.back();
    });
    return root;
  }

  peopleExtra() {
    const id = uid("people");
    const people = h("input", { type: "checkbox", role: "switch", id, on: { change: () => {
      this.#showsPeople = people.checked;
      void this.#preview();
    } } });
    return h("div", { class: "field toggle show-people" }, h("label", { htmlFor: id }, people, h("span", { text: T.migrate.showPeople })));
  }

  // -- a region ------------------------------------------------------------------------------------------------------

  regionField() {
    if (!this.effect.inputs.some(({ name }) => name === "mask")) return null;
    const id = uid("region");
    this.regionSwitch = h("input", { type: "checkbox", role: "switch", id, "aria-describedby": `${id}-help`, on: { change: () => {
      this.#regionOf = null;
      this.#layRegion();
      this.#peopleToo(this.regionSwitch.checked);
      this.#changedRegion();
    } } });
    return h("div", { class: "field toggle region" }, h("label", { htmlFor: id }, this.regionSwitch, h("span", { text: T.migrate.region })), h("p", { class: "help", id: `${id}-help`, text: T.migrate.regionHelp }));
  }

  /** Whoever paints over somebody means them: people are kept again once the whole photo is meant. */
  #peopleToo(painted) {
    const portrait = this.panel.querySelector("input[name=portrait]");
    if (portrait.checked !== painted) return;
    portrait.checked = !painted;
    portrait.dispatchEvent(new Event("change"));
  }

  /** Lay the brush over the photo that is shown, or take it away; another photo gets an empty one. */
  #layRegion() {
    const item = this.item;
    if (!this.regionSwitch?.checked || !item || this.seen === false) {
      if (this.#region) this.stage.layer = null;
      this.#region = this.#regionOf = null;
      return;
    }
    if (this.#regionOf === item.id) return;
    this.#regionOf = item.id;
    void import("./brush.js").then(() => {
      if (this.#regionOf !== item.id) return;
      this.#region = document.createElement("mask-brush").over(this.stage);
      this.#region.addEventListener("painted", () => this.#changedRegion());
      this.stage.layer = this.#region;
    });
  }

  #changedRegion() {
    this.go.dataset.key = "";
    this.drawGo(this.item);
    this.#drawLook();
    void this.#preview();
  }

  /** What was painted; null where the whole photo is meant. */
  get #painted() {
    return this.regionSwitch?.checked && this.#region?.painted ? this.#region : null;
  }

  hindered() {
    return super.hindered() ?? (this.regionSwitch?.checked && !this.#painted ? T.brush.first : null);
  }

  /** A region belongs to one photo. */
  alone() {
    return Boolean(this.regionSwitch?.checked);
  }

  /** The painted region as a further input of an order. */
  async #withRegion(inputs) {
    if (!this.#painted) return inputs;
    const mask = await store.store(await this.#painted.mask(), "mask.png");
    return { ...inputs, mask: mask.id };
  }

  // -- orders --------------------------------------------------------------------------------------------------------

  async run(photos) {
    const { params, inputs, ...order } = this.order();
    const degree = this.form.values.degree;
    // One photo is looked at and changed on; of many, each is to be as it was asked for.
    const asked = photos.length === 1 && this.tab !== "map" ? { ...params, maps: true } : { ...params, ...(degree === undefined ? {} : { degree }) };
    if (photos.length === 1) this.shownResult = 0;
    this.#made = this.#painted?.marks ?? "";
    store.run("migrate", { ...order, params: asked, inputs: await this.#withRegion(inputs) }, photos);
    if (this.#region) this.#region.resting = true;
  }

  /** Order the shown look at the shown strength, for some photos. */
  async #apply(photos) {
    const map = this.#shownMap();
    const degree = this.form.values.degree;
    store.run("migrate", { params: { mode: "map", ...this.people(), ...(degree === undefined ? {} : { degree }) }, inputs: await this.#withRegion({ map }), ...(this.format ? { format: this.format } : {}) }, photos);
  }

  use(look) {
    super.use(look);
    void this.#preview();
  }

  // -- what is shown -------------------------------------------------------------------------------------------------

  /** The last job that made looks to choose from. */
  #looksJob(item) {
    return item.jobs.map((id) => store.jobOf(id)).filter((job) => job?.effect === "migrate" && job.params.maps).at(-1) ?? null;
  }

  pictures(job) {
    return super.pictures(job).filter(({ role }) => role === "main" || role === "variant");
  }

  #mapOf(job) {
    return job?.results?.filter(({ role }) => role === "map")[this.shownResult]?.id ?? null;
  }

  #shownMap() {
    const item = this.item;
    return this.active?.map ?? (item ? this.#mapOf(this.#looksJob(item)) : null);
  }

  drawStage(item) {
    const job = item ? this.#looksJob(item) ?? this.jobFor(item) : null;
    const pictures = this.pictures(job);
    const chosen = pictures[Math.min(this.shownResult, pictures.length - 1)] ?? null;
    const key = `${item?.id} ${item?.url} ${job?.id} ${chosen?.id} ${pictures.length} ${this.active?.id}`;
    if (key === this.stage.dataset.key) return;
    if (this.stage.dataset.item !== item?.id) this.shownResult = 0;
    this.stage.dataset.key = key;
    this.stage.dataset.item = item?.id ?? "";
    this.drawResults(item, job, pictures, chosen);
    if (!item) return;
    void this.#preview();
    void this.#drawStrips(item, job);
  }

  drawResults(item, job, pictures, chosen) {
    super.drawResults(item, job, pictures, chosen);
    this.#drawLook();
  }

  #drawLook() {
    if (!this.look) return;
    const item = this.item;
    const map = this.#shownMap();
    const photos = this.photos;
    this.look.hidden = !map || !item;
    if (this.look.hidden) return;
    const degree = this.form.get("degree");
    this.look.replaceChildren(
      button({ words: T.migrate.apply(degree), glyph: ICONS.save, class: "apply", on: { click: () => void this.#apply([item]) } }),
      photos.length > 1 && !this.alone() ? button({ words: T.migrate.applyAll(photos.length), class: "apply-all", on: { click: () => void this.#apply(photos) } }) : "",
      ...this.mapButtons(map, this.active?.name ?? item.name));
  }

  #blend() {
    if (this.stage.dataset.live) this.stage.degree = this.form.get("degree");
    else void this.#preview();
  }

  /**
   * Show the photo under the chosen look at the chosen strength. Where the server has made just that at full strength, its
   * result is blended with the photo; else the map is applied to a small copy in this browser.
   */
  async #preview() {
    const turn = ++this.#drawn;
    const item = this.item;
    if (!item) return;
    const job = this.#looksJob(item);
    const chosen = this.pictures(job)[this.shownResult];
    const map = this.#shownMap();
    const want = { portrait: this.form.get("portrait"), strength: this.form.get("strength") };
    const same = job && !this.active && this.#made === (this.#painted?.marks ?? "") && (job.params.portrait ?? true) === want.portrait && (!want.portrait || (job.params.strength ?? 1) === want.strength);
    this.stage.dataset.live = map ? "yes" : "";
    if (!map) {
      const last = this.jobFor(item);
      const result = this.pictures(last)[0];
      this.stage.degree = 1;
      await this.stage.show({ before: item.url, after: result ? seenAt(result) : null, words: item.name, natural: naturalOf(item) });
    } else if (same && chosen) {
      this.stage.degree = this.form.get("degree");
      await this.stage.show({ before: item.url, after: seenAt(chosen), words: item.name, natural: naturalOf(item) });
      void Promise.all([this.#proxy(item), lutOf(map)]).then(([source, lut]) => recolored(source, lut)).catch(() => {}); // ready for a change
    } else {
      const canvas = await this.#small(item, map, want, job);
      if (turn !== this.#drawn) return;
      this.stage.degree = this.form.get("degree");
      await this.stage.show({ before: item.url, after: canvas, words: item.name, natural: naturalOf(item) });
    }
    if (turn === this.#drawn) await this.#drawPeople(job, turn);
  }

  #proxy(item) {
    if (!this.#proxies.has(item.id)) {
      const small = loadedFrom(item.url).then((image) => fitted(image, PROXY)).then(pixels);
      this.#proxies.set(item.id, small);
      small.catch(() => this.#proxies.delete(item.id));
    }
    return this.#proxies.get(item.id);
  }

  #mask(job) {
    const file = job?.results.find(({ role }) => role === "people")?.id;
    if (!file) return null;
    if (!this.#masks.has(file)) this.#masks.set(file, bytesOf(file).then((blob) => createImageBitmap(blob)));
    return this.#masks.get(file);
  }

  async #small(item, map, { portrait, strength }, job) {
    const [source, lut, mask] = await Promise.all([this.#proxy(item), lutOf(map), portrait ? this.#mask(job) : null]);
    const made = await recolored(source, lut);
    if (mask && strength) cover(made, mask, (share) => 1 - share * strength);
    if (this.#painted) cover(made, this.#painted.shown, (share, alpha) => alpha);
    const canvas = h("canvas", { class: "after", width: made.width, height: made.height });
    canvas.getContext("2d").putImageData(made, 0, 0);
    return canvas;
  }

  /** Where people keep their colours, as a veil over the photo. */
  async #drawPeople(job, turn) {
    const mask = this.#showsPeople ? await this.#mask(job) : null;
    if (turn !== this.#drawn) return;
    this.stage.querySelector(".people-veil")?.remove();
    this.root.querySelector(".show-people").classList.toggle("nobody", Boolean(job?.state === "succeeded" && !this.#mask(job)));
    if (!mask) return;
    const canvas = h("canvas", { class: "people-veil", width: mask.width, height: mask.height });
    const context = canvas.getContext("2d");
    context.drawImage(mask, 0, 0);
    const veil = context.getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < veil.data.length; at += 4) {
      veil.data[at + 3] = veil.data[at] * 0.6;
      [veil.data[at], veil.data[at + 1], veil.data[at + 2]] = [230, 30, 200];
    }
    context.putImageData(veil, 0, 0);
    this.stage.querySelector(".plane").append(canvas);
  }

  async #drawStrips(item, job) {
    const rows = [];
    try {
      rows.push([T.migrate.strips.photo, await mainColors(await loadedFrom(item.thumb || item.url))]);
    } catch {
      // a format that this browser cannot show
    }
    const reference = this.tab === "reference" ? this.inputs.reference?.[0] : null;
    if (reference) rows.push([T.migrate.strips.reference, await mainColors(reference.file).catch(() => [])]);
    const result = job?.facts?.palettes?.[this.shownResult];
    if (result) rows.push([T.migrate.strips.result, result.map((hex) => ({ hex, share: 1 }))]);
    if (this.item !== item) return;
    this.strips.hidden = !rows.length;
    this.strips.replaceChildren(...rows.filter(([, colors]) => colors.length).map(([label, colors]) => h("div", { class: "strip-row" }, h("span", { class: "help", text: label }), strip(colors.map(({ hex }) => hex), colors.map(({ share }) => share), label))));
  }

  changed(name) {
    const item = this.item;
    if (name === "reference" && item) void this.#drawStrips(item, this.#looksJob(item));
  }
}

/** Take away what is not to be recoloured: there the photo itself shall be seen. `share` is of the mask's red and opacity. */
function cover(made, mask, share) {
  const canvas = new OffscreenCanvas(made.width, made.height);
  const context = canvas.getContext("2d");
  context.drawImage(mask, 0, 0, made.width, made.height);
  const levels = context.getImageData(0, 0, made.width, made.height).data;
  for (let at = 0; at < levels.length; at += 4) made.data[at + 3] *= share(levels[at] / 255, levels[at + 3] / 255);
}
