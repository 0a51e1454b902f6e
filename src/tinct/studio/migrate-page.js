// Colour migration: new looks as a contact sheet, a palette, a reference, or a saved look; strength and people at once.

import { bytesOf, call, contentOf } from "./api.js";
import { strip } from "./cards.js";
import { button, debounced, h, uid } from "./dom.js";
import { EffectPage } from "./effect-page.js";
import { swatches } from "./form.js";
import { ICONS } from "./icons.js";
import { cube, lutOf, recolored } from "./lut.js";
import { fitted, loadedFrom, mainColors, pixels, PROXY } from "./pictures.js";
import * as store from "./store.js";
import { T } from "./texts.js";

const TABS = ["auto", "template", "reference", "map"];

export class MigratePage extends EffectPage {
  #tab = "auto";
  #looks = [];
  #active = null; // the saved look that is shown: { name, map }
  #proxies = new Map(); // photo id -> Promise<ImageData>
  #masks = new Map(); // file id -> Promise<ImageData>
  #drawn = 0;
  #showsPeople = false;

  constructor(effect, query) {
    super(effect, query);
    this.params.count ??= 4;
    this.#tab = TABS.includes(this.params.mode) ? this.params.mode : "auto";
  }

  open() {
    const root = super.open();
    this.strips = h("div", { class: "strips", hidden: true });
    this.look = h("div", { class: "actions look-actions", hidden: true });
    this.stage.after(this.strips);
    this.results.after(this.look);
    const redraw = debounced(() => void this.#preview(), 30);
    this.form.addEventListener("change", ({ detail: { name } }) => {
      if (name === "degree") this.#blend();
      else if (["portrait", "strength"].includes(name)) redraw();
      this.#drawLook();
    });
    void this.#loadLooks();
    return root;
  }

  // -- controls ------------------------------------------------------------------------------------------------------

  controls() {
    const schema = this.effect.params;
    this.form.use(schema, this.params, { skip: Object.keys(schema.properties), effect: "migrate" });
    const field = (name) => this.form.field(name);
    const reference = this.effect.inputs.find((input) => input.name === "reference");
    const colors = swatches("colors", T.migrate.colors, "", { maxItems: 7 }, this.form.get("colors"), (value) => this.form.set("colors", value ?? null));
    this.colors = colors;
    this.saved = h("div", { class: "saved" });
    this.palettes = h("div", { class: "saved" });
    const bodies = {
      auto: [field("count"), field("style")],
      template: [colors, this.#fromPicture(colors), field("spread"), this.palettes],
      reference: [this.slot(reference), field("smoothness")],
      map: [this.saved],
    };
    const id = uid("tab");
    const tabs = h("div", { role: "tablist", class: "segments tabs", "aria-label": T.migrate.ways });
    const panels = TABS.map((name) => h("div", { role: "tabpanel", id: `${id}-${name}-panel`, "aria-labelledby": `${id}-${name}`, class: "tab-body" }, ...bodies[name]));
    const choose = (name, focus = false) => {
      this.#tab = name;
      if (name !== "map") this.#active = null;
      TABS.forEach((other, place) => {
        const tab = tabs.children[place];
        tab.setAttribute("aria-selected", String(other === name));
        tab.tabIndex = other === name ? 0 : -1;
        panels[place].hidden = other !== name;
        if (other === name && focus) tab.focus();
      });
      this.form.set("mode", name === "auto" ? undefined : name);
      this.refresh();
    };
    tabs.append(...TABS.map((name) => h("button", { type: "button", role: "tab", id: `${id}-${name}`, "aria-controls": `${id}-${name}-panel`, text: T.migrate.tabs[name], on: {
      click: () => choose(name),
      keydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step) choose(TABS[(TABS.indexOf(name) + step + TABS.length) % TABS.length], true);
      },
    } })));
    queueMicrotask(() => choose(this.#tab));
    const people = h("input", { type: "checkbox", role: "switch", id: `${id}-people`, on: { change: () => {
      this.#showsPeople = people.checked;
      void this.#preview();
    } } });
    return [
      tabs, ...panels,
      h("hr", {}),
      field("degree"),
      h("fieldset", { class: "field people" }, h("legend", { text: T.migrate.people }), field("portrait"), field("strength"), field("protect"),
        h("div", { class: "field toggle show-people" }, h("label", { htmlFor: people.id }, people, h("span", { text: T.migrate.showPeople })))),
      h("details", { class: "more" }, h("summary", { text: T.form.more }), field("seed"), this.formats()),
    ];
  }

  /** Swatches out of a picture, beside those that are chosen by hand. */
  #fromPicture(colors) {
    const zone = h("drop-zone", { words: T.palette.fromPicture, class: "small" });
    zone.addEventListener("files", async (event) => {
      const found = await mainColors(event.detail[0], 5).catch(() => []);
      colors.setColors(found.map(({ hex }) => hex));
    });
    return zone;
  }

  async #loadLooks() {
    const { looks } = await call("GET", "/v1/looks");
    this.#looks = looks.filter((look) => look.effect === "migrate");
    const maps = this.#looks.filter((look) => look.params.mode === "map");
    const palettes = this.#looks.filter((look) => look.params.mode === "template");
    this.saved.replaceChildren(maps.length ? h("ul", {}, ...maps.map((look) => this.#savedRow(look, () => this.#use(look)))) : h("p", { class: "help", text: T.migrate.noLooks }));
    this.palettes.replaceChildren(
      ...(palettes.length ? [h("p", { class: "label", text: T.palette.saved }), h("ul", {}, ...palettes.map((look) => this.#savedRow(look, () => this.colors.setColors(look.params.colors), look.params.colors)))] : []),
      button({ words: T.palette.save, glyph: ICONS.save, class: "quiet", on: { click: () => {
        const chosen = this.form.get("colors");
        if (chosen?.length) this.#save(T.palette.name, { params: { mode: "template", colors: chosen }, inputs: {} });
      } } }));
  }

  #savedRow(look, use, colors = null) {
    return h("li", { class: "row" },
      h("button", { type: "button", class: "quiet saved-look", "aria-pressed": String(this.#active?.id === look.id), on: { click: use } }, h("span", { text: look.name }), colors ? strip(colors) : null),
      button({ glyph: ICONS.trash, label: T.migrate.forget(look.name), class: "tiny", on: { click: async () => {
        await call("DELETE", `/v1/looks/${look.id}`);
        if (this.#active?.id === look.id) this.#active = null;
        await this.#loadLooks();
        this.refresh();
      } } }));
  }

  #use(look) {
    this.#active = { id: look.id, name: look.name, map: look.inputs.map };
    for (const pressed of this.saved.querySelectorAll(".saved-look")) pressed.setAttribute("aria-pressed", String(pressed.textContent === look.name));
    this.refresh();
    void this.#preview();
  }

  #save(title, look) {
    const id = uid("name");
    const field = h("input", { type: "text", id, required: true, maxLength: 100, autocomplete: "off" });
    const problem = h("p", { class: "problem", role: "alert" });
    const dialog = h("dialog", { "aria-label": title }, h("form", { on: { submit: async (event) => {
      event.preventDefault();
      try {
        await call("POST", "/v1/looks", { json: { name: field.value, effect: "migrate", ...look } });
        dialog.close();
        await this.#loadLooks();
      } catch (error) {
        problem.textContent = error.message;
      }
    } } }, h("h2", { text: title }), h("label", { htmlFor: id, text: T.migrate.lookName }), field, problem,
      h("div", { class: "actions" }, button({ words: T.save, class: "primary", type: "submit" }), button({ words: T.close, on: { click: () => dialog.close() } }))));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  // -- orders --------------------------------------------------------------------------------------------------------

  hindered() {
    if (this.#tab === "template" && !this.form.get("colors")?.length) return T.migrate.needsColors;
    if (this.#tab === "reference" && !this.inputs.reference?.length) return T.migrate.needsReference;
    if (this.#tab === "map" && !this.#active) return T.migrate.needsLook;
    return null;
  }

  #people() {
    const { portrait, strength, protect } = this.form.values;
    return Object.fromEntries(Object.entries({ portrait, strength, protect }).filter(([, value]) => value !== undefined));
  }

  order() {
    const get = (name) => this.form.values[name];
    const own = { auto: { count: this.form.get("count"), style: get("style") }, template: { mode: "template", colors: get("colors"), spread: get("spread") }, reference: { mode: "reference", smoothness: get("smoothness") }, map: { mode: "map" } }[this.#tab];
    const params = Object.fromEntries(Object.entries({ ...own, ...this.#people(), seed: get("seed") }).filter(([, value]) => value !== undefined && value !== null));
    const inputs = this.#tab === "reference" ? { reference: this.inputs.reference[0].fileId } : this.#tab === "map" ? { map: this.#active.map } : {};
    return { params, inputs, ...(this.format ? { format: this.format } : {}) };
  }

  async run(photos) {
    const { params, ...order } = this.order();
    const degree = this.form.values.degree;
    // One photo is looked at and changed on; of many, each is to be as it was asked for.
    const asked = photos.length === 1 && this.#tab !== "map" ? { ...params, maps: true } : { ...params, ...(degree === undefined ? {} : { degree }) };
    if (photos.length === 1) this.shownResult = 0;
    store.run("migrate", { ...order, params: asked }, photos);
  }

  /** Order the shown look at the shown strength, for some photos. */
  #apply(photos) {
    const map = this.#shownMap();
    const degree = this.form.values.degree;
    store.run("migrate", { params: { mode: "map", ...this.#people(), ...(degree === undefined ? {} : { degree }) }, inputs: { map }, ...(this.format ? { format: this.format } : {}) }, photos);
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
    const item = store.current();
    return this.#active?.map ?? (item ? this.#mapOf(this.#looksJob(item)) : null);
  }

  drawStage(item) {
    const job = item ? this.#looksJob(item) ?? this.jobFor(item) : null;
    const pictures = this.pictures(job);
    const chosen = pictures[Math.min(this.shownResult, pictures.length - 1)] ?? null;
    const key = `${item?.id} ${item?.url} ${job?.id} ${chosen?.id} ${pictures.length} ${this.#active?.id}`;
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
    const item = store.current();
    const map = this.#shownMap();
    const photos = store.all().filter((photo) => photo.state !== "failed");
    this.look.hidden = !map || !item;
    if (this.look.hidden) return;
    const degree = this.form.get("degree");
    this.look.replaceChildren(
      button({ words: T.migrate.apply(degree), glyph: ICONS.save, class: "apply", on: { click: () => this.#apply([item]) } }),
      photos.length > 1 ? button({ words: T.migrate.applyAll(photos.length), class: "apply-all", on: { click: () => this.#apply(photos) } }) : "",
      button({ words: T.migrate.saveLook, class: "quiet", on: { click: () => this.#save(T.migrate.saveLook, { params: { mode: "map" }, inputs: { map } }) } }),
      button({ words: T.migrate.cube, glyph: ICONS.download, class: "quiet", on: { click: async () => {
        const address = URL.createObjectURL(cube(await lutOf(map), this.#active?.name ?? item.name));
        h("a", { href: address, download: `${(this.#active?.name ?? item.name).replace(/\.\w+$/, "")}.cube` }).click();
        setTimeout(() => URL.revokeObjectURL(address), 10_000);
      } } }));
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
    const item = store.current();
    if (!item) return;
    const job = this.#looksJob(item);
    const chosen = this.pictures(job)[this.shownResult];
    const map = this.#shownMap();
    const want = { portrait: this.form.get("portrait"), strength: this.form.get("strength") };
    const same = job && !this.#active && (job.params.portrait ?? true) === want.portrait && (!want.portrait || (job.params.strength ?? 1) === want.strength);
    this.stage.dataset.live = map ? "yes" : "";
    if (!map) {
      const last = this.jobFor(item);
      const result = this.pictures(last)[0];
      this.stage.degree = 1;
      await this.stage.show({ before: item.url, after: result ? contentOf(result.id) : null, words: item.name });
    } else if (same && chosen) {
      this.stage.degree = this.form.get("degree");
      await this.stage.show({ before: item.url, after: contentOf(chosen.id), words: item.name });
      void Promise.all([this.#proxy(item), lutOf(map)]).then(([source, lut]) => recolored(source, lut)).catch(() => {}); // ready for a change
    } else {
      const canvas = await this.#small(item, map, want, job);
      if (turn !== this.#drawn) return;
      this.stage.degree = this.form.get("degree");
      await this.stage.show({ before: item.url, after: canvas, words: item.name });
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
    if (mask && strength) keep(made, mask, strength);
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
    const reference = this.#tab === "reference" ? this.inputs.reference?.[0] : null;
    if (reference) rows.push([T.migrate.strips.reference, await mainColors(reference.file).catch(() => [])]);
    const result = job?.facts?.palettes?.[this.shownResult];
    if (result) rows.push([T.migrate.strips.result, result.map((hex) => ({ hex, share: 1 }))]);
    if (store.current() !== item) return;
    this.strips.hidden = !rows.length;
    this.strips.replaceChildren(...rows.filter(([, colors]) => colors.length).map(([label, colors]) => h("div", { class: "strip-row" }, h("span", { class: "help", text: label }), strip(colors.map(({ hex }) => hex), colors.map(({ share }) => share), label))));
  }

  changed(name) {
    const item = store.current();
    if (name === "reference" && item) void this.#drawStrips(item, this.#looksJob(item));
  }

  drawGo(item) {
    super.drawGo(item);
    const words = { auto: T.migrate.make(this.form.get("count")), template: T.migrate.recolor, reference: T.migrate.recolor, map: T.effect.run }[this.#tab];
    const said = this.go.querySelector(".run span");
    if (said && !said.textContent.includes("·")) said.textContent = words;
  }

  remember() {
    if (this.signal.aborted) return;
    super.remember();
    const item = store.current();
    this.go.dataset.key = "";
    this.drawGo(item);
  }
}

/** Take away what people keep: there the photo itself shall be seen. */
function keep(made, mask, strength) {
  const canvas = new OffscreenCanvas(made.width, made.height);
  const context = canvas.getContext("2d");
  context.drawImage(mask, 0, 0, made.width, made.height);
  const shares = context.getImageData(0, 0, made.width, made.height).data;
  for (let at = 0; at < shares.length; at += 4) made.data[at + 3] *= 1 - (shares[at] / 255) * strength;
}
