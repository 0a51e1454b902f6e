// The controls of colour migration, for photos and for clips: where the new colours come from, how strong, and what people keep.

import { call } from "./api.js";
import { strip } from "./cards.js";
import { button, h, uid } from "./dom.js";
import { swatches } from "./form.js";
import { ICONS } from "./icons.js";
import { cube, lutOf } from "./lut.js";
import { mainColors } from "./pictures.js";
import { T } from "./texts.js";

const TABS = ["auto", "template", "reference", "map"];

/** A page of an effect with these controls in place of the ordinary form. */
export const migrating = (Page) => class extends Page {
  tab = "auto";
  saved = []; // looks of the account
  active = null; // the saved look that is shown: { id, name, map }

  constructor(effect, query) {
    super(effect, query);
    this.tab = TABS.includes(this.params.mode) ? this.params.mode : "auto";
  }

  open() {
    const root = super.open();
    this.look = h("div", { class: "actions look-actions", hidden: true });
    const under = h("div", { class: "under" });
    this.results.replaceWith(under);
    under.append(this.results, this.look);
    void this.loadLooks();
    return root;
  }

  controls() {
    const schema = this.effect.params;
    this.form.use(schema, this.params, { skip: Object.keys(schema.properties), effect: "migrate" });
    const field = (name) => (name in schema.properties ? this.form.field(name) : null);
    const reference = this.effect.inputs.find((input) => input.name === "reference");
    const colors = swatches("colors", T.migrate.colors, "", { maxItems: 7 }, this.form.get("colors"), (value) => this.form.set("colors", value ?? null));
    this.colors = colors;
    this.savedMaps = h("div", { class: "saved" });
    this.savedPalettes = h("div", { class: "saved" });
    const bodies = {
      auto: [field("count"), field("style")],
      template: [colors, this.#fromPicture(colors), field("spread"), this.savedPalettes],
      reference: [this.slot(reference), field("smoothness")],
      map: [this.savedMaps],
    };
    const id = uid("tab");
    const tabs = h("div", { role: "tablist", class: "segments tabs", "aria-label": T.migrate.ways });
    const panels = TABS.map((name) => h("div", { role: "tabpanel", id: `${id}-${name}-panel`, "aria-labelledby": `${id}-${name}`, class: "tab-body" }, ...bodies[name]));
    const choose = (name, focus = false) => {
      this.tab = name;
      if (name !== "map") this.active = null;
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
        const to = { ArrowRight: TABS.indexOf(name) + 1, ArrowLeft: TABS.indexOf(name) - 1, Home: 0, End: -1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        choose(TABS.at(to % TABS.length), true);
      },
    } })));
    queueMicrotask(() => choose(this.tab));
    this.chooseTab = choose;
    return [
      tabs, ...panels,
      h("hr", {}),
      field("degree"),
      h("fieldset", { class: "field people" }, h("legend", { text: T.migrate.people }), field("portrait"), field("strength"), field("protect"), this.peopleExtra()),
      this.regionField() ?? "",
      h("details", { class: "more" }, h("summary", { text: T.form.more }), field("shots"), field("seed"), this.on === "clip" ? null : this.formats()),
    ];
  }

  get keepsPresets() {
    return false; // looks and palettes are
  }

  restore(params) {
    super.restore(params);
    if (JSON.stringify(params.colors ?? []) !== JSON.stringify(this.colors.chosen)) this.colors.setColors(params.colors ?? []);
    this.chooseTab(TABS.includes(params.mode) ? params.mode : "auto");
  }

  /** A hook: what else is said of people. */
  peopleExtra() {
    return null;
  }

  /** A hook: a part of the photo that alone is recoloured. */
  regionField() {
    return null;
  }

  /** Swatches out of a picture, beside those that are chosen by hand. */
  #fromPicture(colors) {
    const zone = h("drop-zone", { words: T.palette.fromPicture, class: "small", plain: true });
    zone.addEventListener("files", async (event) => {
      const problem = zone.querySelector(".problem") ?? zone.appendChild(h("p", { class: "problem", role: "alert" }));
      const found = await mainColors(event.detail[0], 5).catch(() => null);
      problem.textContent = found ? "" : T.palette.unseen;
      if (found) colors.setColors(found.map(({ hex }) => hex));
    });
    return zone;
  }

  async loadLooks() {
    const { looks } = await call("GET", "/v1/looks");
    this.saved = looks.filter((look) => look.effect === "migrate");
    const maps = this.saved.filter((look) => look.params.mode === "map");
    const palettes = this.saved.filter((look) => look.params.mode === "template");
    this.savedMaps.replaceChildren(maps.length ? h("ul", {}, ...maps.map((look) => this.#savedRow(look, () => this.use(look)))) : h("p", { class: "help", text: T.migrate.noLooks }));
    this.savedPalettes.replaceChildren(
      ...(palettes.length ? [h("p", { class: "label", text: T.palette.saved }), h("ul", {}, ...palettes.map((look) => this.#savedRow(look, () => this.colors.setColors(look.params.colors), look.params.colors)))] : []),
      button({ words: T.palette.save, glyph: ICONS.save, class: "quiet", on: { click: () => {
        const chosen = this.form.get("colors");
        if (chosen?.length) this.saveAs(T.palette.name, { params: { mode: "template", colors: chosen }, inputs: {} });
      } } }));
  }

  #savedRow(look, use, colors = null) {
    return h("li", { class: "row" },
      h("button", { type: "button", class: "quiet saved-look", "aria-pressed": colors ? null : String(this.active?.id === look.id), on: { click: use } }, h("span", { text: look.name }), colors ? strip(colors) : null),
      button({ glyph: ICONS.trash, label: T.migrate.forget(look.name), class: "tiny", on: { click: async () => {
        await call("DELETE", `/v1/looks/${look.id}`);
        if (this.active?.id === look.id) this.active = null;
        await this.loadLooks();
        this.refresh();
      } } }));
  }

  /** Show a saved look. */
  use(look) {
    this.active = { id: look.id, name: look.name, map: look.inputs.map };
    for (const pressed of this.savedMaps.querySelectorAll(".saved-look")) pressed.setAttribute("aria-pressed", String(pressed.textContent === look.name));
    this.refresh();
  }

  /** Ask for a name, and keep a look under it. */
  saveAs(title, look) {
    const id = uid("name");
    const field = h("input", { type: "text", id, required: true, maxLength: 100, autocomplete: "off" });
    const problem = h("p", { class: "problem", role: "alert" });
    const dialog = h("dialog", { "aria-label": title }, h("form", { on: { submit: async (event) => {
      event.preventDefault();
      try {
        await call("POST", "/v1/looks", { json: { name: field.value, effect: "migrate", ...look } });
        dialog.close();
        await this.loadLooks();
      } catch (error) {
        problem.textContent = error.message;
      }
    } } }, h("h2", { text: title }), h("label", { htmlFor: id, text: T.migrate.lookName }), field, problem,
      h("div", { class: "actions" }, button({ words: T.save, class: "primary", type: "submit" }), button({ words: T.close, on: { click: () => dialog.close() } }))));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  /** What can be done with a colour map: keep it under a name, or take it to another program. */
  mapButtons(map, name) {
    return [
      button({ words: T.migrate.saveLook, class: "quiet", on: { click: () => this.saveAs(T.migrate.saveLook, { params: { mode: "map" }, inputs: { map } }) } }),
      button({ words: T.migrate.cube, glyph: ICONS.download, class: "quiet", on: { click: async () => {
        const address = URL.createObjectURL(cube(await lutOf(map), name));
        h("a", { href: address, download: `${name.replace(/\.\w+$/, "")}.cube` }).click();
        setTimeout(() => URL.revokeObjectURL(address), 10_000);
      } } }),
    ];
  }

  // -- orders --------------------------------------------------------------------------------------------------------

  hindered() {
    if (this.tab === "template" && !this.form.get("colors")?.length) return T.migrate.needsColors;
    if (this.tab === "reference" && !this.inputs.reference?.length) return T.migrate.needsReference;
    if (this.tab === "map" && !this.active) return T.migrate.needsLook;
    return null;
  }

  /** What was chosen of people. */
  people() {
    const { portrait, strength, protect } = this.form.values;
    return Object.fromEntries(Object.entries({ portrait, strength, protect }).filter(([, value]) => value !== undefined));
  }

  order() {
    const get = (name) => this.form.values[name];
    const own = { auto: { count: this.form.get("count"), style: get("style") }, template: { mode: "template", colors: get("colors"), spread: get("spread") }, reference: { mode: "reference", smoothness: get("smoothness") }, map: { mode: "map" } }[this.tab];
    const params = Object.fromEntries(Object.entries({ ...own, ...this.people(), shots: get("shots"), seed: get("seed") }).filter(([, value]) => value !== undefined && value !== null));
    const inputs = this.tab === "reference" ? { reference: this.inputs.reference[0].fileId } : this.tab === "map" ? { map: this.active.map } : {};
    return { params, inputs, ...(this.format ? { format: this.format } : {}) };
  }

  drawGo(item) {
    super.drawGo(item);
    const words = { auto: "count" in this.effect.params.properties ? T.migrate.make(this.form.get("count")) : T.migrate.recolor, template: T.migrate.recolor, reference: T.migrate.recolor, map: T.effect.run }[this.tab];
    const said = this.go.querySelector(".run span");
    if (said && !said.textContent.includes("·")) said.textContent = words;
  }

  remember() {
    if (this.signal.aborted) return;
    super.remember();
    this.go.dataset.key = "";
    this.drawGo(this.item);
  }
};
