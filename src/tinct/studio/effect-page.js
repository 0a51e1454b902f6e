// A page for one effect, made from what the server says of it.

import { currentSession, previewOf, seenAt } from "./api.js";
import { strip, zip } from "./cards.js";
import { button, debounced, h, icon, uid } from "./dom.js";
import { ACCEPT, DropZone } from "./drop.js";
import { slot, titleOf } from "./slot.js";
import { FIELDS } from "./fields.js";
import "./form.js";
import { ICONS } from "./icons.js";
import { unmet } from "./rules.js";
import { canCopy, copyPicture, goOn } from "./next.js";
import "./stage.js";
import { settingsBar } from "./settings-bar.js";
import { share } from "./share.js";
import * as store from "./store.js";
import { addressed, worksOn } from "./tools.js";
import { stateOf } from "./tray.js";
import { T } from "./texts.js";

const FORMATS = ["jpeg", "png", "webp"];

/**
 * What every page of an effect has: stage, results, form, further photos, the button, and the job's card.
 * A page with controls of its own changes parts of it.
 */
export class EffectPage {
  effect;
  params;
  stage = this.makeStage();
  form = document.createElement("schema-form");
  card = document.createElement("job-card");
  inputs = {}; // further photos by input name: { name, fileId }
  format = null;
  shownResult = 0;
  #off = new AbortController();
  #seen = "";
  seen = null; // whether this browser shows the photo

  /** @param {any} effect as `/v1/effects` tells it @param {URLSearchParams} query */
  constructor(effect, query) {
    this.effect = effect;
    this.params = fromQuery(query, effect.params);
    this.format = query.get("format");
    this.on = worksOn(effect);
    this.form.given = (name) => Boolean(this.inputs[name]?.length);
    this.root = h("section", { class: "page effect", dataset: { effect: effect.name } });
  }

  get signal() {
    return this.#off.signal;
  }

  makeStage() {
    return document.createElement("photo-stage");
  }

  /** The inputs that are chosen in the panel: all but the photo itself. */
  get others() {
    return this.on === "nothing" ? this.effect.inputs : this.effect.inputs.slice(1);
  }

  /** Whether something of the tray is what this effect works on. */
  fits(item) {
    if (this.on === "nothing") return item.made === this.effect.name;
    return store.isClip(item) === (this.on === "clip");
  }

  /** What the page shows and works on; null where the tray has nothing for it. */
  get item() {
    const item = store.current();
    return item && this.fits(item) ? item : null;
  }

  /** All that it could work on. */
  get photos() {
    return store.all().filter((item) => item.state !== "failed" && this.fits(item));
  }

  /** Build the page. */
  open() {
    if (!this.item && this.on !== "nothing" && this.photos.length) store.select(this.photos[0].id);
    const drop = /** @type {DropZone} */ (h("drop-zone", { multiple: true, words: T.effect.drop[this.on], choose: T.drop.choose[this.on], accept: ACCEPT[this.on] ?? ACCEPT.photo }));
    drop.addEventListener("files", (event) => store.add(event.detail));
    this.drop = drop;
    this.blank = h("div", { class: "blank", hidden: true }, icon(ICONS[this.effect.name] ?? ICONS.effect), h("p", { class: "drop-words", text: T.effect.blank }), h("p", { class: "help", text: this.effect.summary }));
    this.broken = h("div", { class: "blank broken", hidden: true });
    this.results = h("div", { class: "results", role: "group", "aria-label": T.effect.results, hidden: true });
    this.note = h("p", { class: "help note", hidden: true });
    this.go = h("div", { class: "go" });
    this.bar = h("progress", { class: "stage-progress", max: 1, hidden: true, "aria-hidden": "true" });
    this.extra = h("div", { class: "inputs" });
    this.panel = h("aside", { class: "panel", "aria-label": this.effect.title }, h("div", { class: "panel-body" }, ...this.controls()), this.go, this.card);
    this.root.append(
      h("header", {}, h("h1", { text: this.effect.title }), h("p", { text: this.effect.summary })),
      h("div", { class: "work" }, h("div", { class: "show", id: "photo" }, drop, this.blank, this.broken, this.bar, this.stage, this.note, this.results), this.panel));
    const bar = settingsBar(this);
    if (bar) this.panel.prepend(bar);
    for (const kind of ["items", "jobs", "selected"]) store.on(kind, () => this.refresh(), this.signal);
    this.stage.addEventListener("shown", (event) => {
      this.seen = event.detail.seen;
      this.drawNote();
    });
    this.form.addEventListener("change", debounced(() => this.remember(), 150));
    this.form.addEventListener("change", () => {
      this.relevant();
      this.drawGo(this.item);
    });
    this.refresh();
    return this.root;
  }

  close() {
    this.#off.abort();
  }

  /** What stands in the panel above the button. */
  controls() {
    this.form.use(this.effect.params, this.params, { own: this.ownFields(), skip: this.skipped(), effect: this.effect.name, pictured: this.effect.pictured });
    const slots = this.others.filter((input) => !this.drawn(input));
    this.extra.append(...slots.filter(({ required }) => required).map((input) => this.slot(input)));
    this.optional = h("div", { class: "inputs" }, ...slots.filter(({ required }) => !required).map((input) => this.slot(input)));
    return [this.extra, this.form, this.optional, this.effect.roles.length && this.on !== "clip" ? this.formats() : ""];
  }

  /** Hand-made fields by parameter. */
  ownFields() {
    return FIELDS[this.effect.name] ?? {};
  }

  skipped() {
    return [];
  }

  /** Whether an input is made in this page, such as a mask. */
  drawn() {
    return false;
  }

  /** A place for one further photo, or for several. */
  slot(input) {
    return slot(input, this.inputs, () => {
      this.refresh();
      this.changed(input.name);
    });
  }

  /** A hook: a further photo came. */
  changed() {}

  formats() {
    const id = uid("format");
    const select = h("select", { id, on: { change: () => {
      this.format = select.value || null;
      this.remember();
    } } }, h("option", { value: "", text: this.on === "nothing" ? T.formats.png : T.form.sameFormat }), ...FORMATS.filter((name) => this.on !== "nothing" || name !== "png").map((name) => h("option", { value: name, text: T.formats[name], selected: name === this.format })));
    return h("div", { class: "field choice" }, h("label", { htmlFor: id, text: T.form.format }), select);
  }

  /** The order, without the photo itself. */
  order() {
    const inputs = Object.fromEntries(Object.entries(this.inputs).filter(([name]) => this.given(name)).map(([name, given]) => {
      const input = this.effect.inputs.find((item) => item.name === name);
      return [name, (input?.most ?? 1) > 1 ? given.map((photo) => photo.fileId) : given[0].fileId];
    }));
    return { params: this.form.values, inputs, ...(this.format ? { format: this.format } : {}) };
  }

  /** Whether a further photo was given, and has an effect beside what else is chosen. */
  given(name) {
    return Boolean(this.inputs[name]?.length) && this.form.matters(this.effect.inputs.find((input) => input.name === name)?.summary);
  }

  /** Hide places for photos that the present choices leave without effect. */
  relevant() {
    this.form.relevant();
    for (const place of this.optional?.children ?? []) place.classList.toggle("away", !this.form.matters(this.effect.inputs.find(({ name }) => name === place.dataset.input).summary));
  }

  /** Why the button cannot be pressed; null where it can. */
  hindered() {
    const engines = this.effect.engines;
    if (engines.length && !engines.some((engine) => engine.ready)) return T.effect.missing(engines.map((engine) => engine.fetch).filter(Boolean).join("; "));
    const lacking = this.others.find((input) => input.required && !this.drawn(input) && (this.inputs[input.name]?.length ?? 0) < input.least);
    if (lacking) return T.effect.lacking(titleOf(lacking.name));
    const unsaid = (this.effect.params.required ?? []).find((name) => [undefined, null, ""].includes(this.form.get(name)));
    if (unsaid) return T.effect.unsaid(titleOf(unsaid, this.effect.params.properties[unsaid]?.title));
    return unmet(this.effect, (name) => this.form.get(name), (name) => this.given(name));
  }

  /** Whether what was chosen belongs to one photo alone. */
  alone() {
    return false;
  }

  /** Order it for some photos. */
  async run(photos) {
    store.run(this.effect.name, this.order(), photos);
  }

  /** Whether settings are kept under names here; where looks are kept, these are enough. */
  get keepsPresets() {
    return true;
  }

  /** Settings with which the page begins. */
  get defaults() {
    return {};
  }

  /** Choose all settings anew. */
  restore(params) {
    this.form.restore(params, this.panel);
  }

  /** Show further photos that did not come by a drop. */
  redrawSlots() {
    for (const place of this.panel.querySelectorAll(".slot")) place.draw();
    this.refresh();
    for (const name of Object.keys(this.inputs)) this.changed(name);
  }

  /** Settings live in the address, so that a reload and a link keep them. */
  remember() {
    if (this.signal.aborted || addressed().name !== this.effect.name) return; // another page is shown by now, or asked for
    const query = new URLSearchParams(Object.entries(this.form.values).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]));
    if (this.format) query.set("format", this.format);
    const text = query.toString();
    history.replaceState(null, "", `#/${this.effect.name}${text ? `?${text}` : ""}`);
  }

  /** Order it, from nothing: what comes of it is a new photo of the tray. */
  async make() {
    const said = Object.values(this.form.values).find((value) => typeof value === "string" && value.length > 8);
    await this.run([store.blank(said ? said.slice(0, 60) : this.effect.title, this.effect.name)]);
  }

  /** The last job of this effect for a photo. */
  jobFor(item) {
    return item.jobs.map((id) => store.jobOf(id)).filter((job) => job?.effect === this.effect.name).at(-1) ?? null;
  }

  refresh() {
    const item = this.item;
    this.root.classList.toggle("empty", !item);
    this.drop.hidden = Boolean(item) || this.on === "nothing";
    this.blank.hidden = Boolean(item) || this.on !== "nothing";
    const broken = item?.state === "failed";
    this.stage.hidden = !item || broken;
    this.broken.hidden = !broken;
    if (broken) this.drawBroken(item);
    this.relevant();
    this.drawNote();
    this.drawGo(item);
    this.drawCard(item);
    this.drawStage(item);
  }

  /** In place of a photo that cannot be used: why, and the way out. */
  drawBroken(item) {
    if (this.broken.dataset.item === item.id) return;
    this.broken.dataset.item = item.id;
    this.broken.replaceChildren(icon(ICONS.warning), h("p", { class: "drop-words", text: item.name }), h("p", { class: "problem", text: sentenceOf(item.error) }), button({ words: T.tray.remove(T.effect.it[this.on]), glyph: ICONS.trash, on: { click: () => store.remove(item.id) } }));
  }

  /** A sentence below the photo, where there is something to say of it. */
  drawNote() {
    const other = store.current();
    const words = !this.item && other && this.on !== "nothing" ? T.effect.unfit[this.on](other.name) : this.item && this.seen === false && this.item.state !== "failed" ? T.error.unseen[this.item.fileId ? "never" : "yet"] : "";
    this.note.hidden = !words;
    this.note.textContent = words;
  }

  drawGo(item) {
    const photos = this.photos;
    const why = this.hindered();
    const key = `${item?.id} ${item?.state} ${photos.length} ${why} ${this.alone()}`;
    if (this.go.dataset.key === key) return;
    this.go.dataset.key = key;
    const price = currentSession()?.limited ? ` · ${T.price(this.effect.credits)}` : "";
    const free = this.on === "nothing";
    const off = Boolean(why) || (!free && (!item || item.state === "failed"));
    const told = uid("why");
    const focused = this.go.contains(document.activeElement) ? document.activeElement.className : null;
    this.go.replaceChildren(
      button({ words: (free ? T.effect.make : T.effect.run) + price, class: "primary run", disabled: off, "aria-describedby": why ? told : null, on: { click: () => void (free ? this.make() : this.run([this.item])) } }),
      photos.length > 1 && !this.alone() && !free ? button({ words: T.effect.runAll[this.on](photos.length), class: "run-all", disabled: Boolean(why), on: { click: () => void this.run(this.photos) } }) : "",
      why ? h("p", { class: "help why", id: told, text: why }) : "");
    if (focused !== null) (this.go.getElementsByClassName(focused)[0] ?? this.go.querySelector("button"))?.focus();
  }

  drawCard(item) {
    const job = item ? this.jobFor(item) : null;
    this.bar.hidden = !job || store.ended(job);
    if (job?.progress) this.bar.value = job.progress;
    else this.bar.removeAttribute("value");
    if (!item || item.state === "failed") return this.card.show(null);
    const run = store.allRuns().findLast((one) => one.effect === this.effect.name && one.photos.includes(item.id));
    const refused = run?.refused[item.id] ?? null;
    const waiting = run && !refused && !run.of[item.id] ? T.job.sends : null;
    this.card.show(waiting || refused ? null : job, {
      refused,
      waiting,
      chosen: this.shownResult,
      use: (result) => goOn(result, item.name, this.effect.name),
      copy: this.on !== "clip" && canCopy() ? copyPicture : null,
      clip: this.on === "clip",
      onRetry: item.state !== "failed" && run ? () => store.retry(run, [item.id]) : null,
      share: job ? () => share({ effect: job.effect, params: job.params, inputs: job.inputs, format: this.format, name: item.name }) : null,
    });
  }

  /** Results of a job that are pictures to look at. */
  pictures(job) {
    return job?.state === "succeeded" ? job.results : [];
  }

  drawStage(item) {
    const job = item ? this.jobFor(item) : null;
    const pictures = this.pictures(job);
    const chosen = pictures[Math.min(this.shownResult, pictures.length - 1)] ?? null;
    const key = `${item?.id} ${item?.url} ${chosen?.id} ${pictures.length}`;
    if (key === this.#seen) return;
    if (!this.#seen.startsWith(`${item?.id} `)) this.shownResult = 0;
    this.#seen = key;
    this.drawResults(item, job, pictures, chosen);
    if (item) void this.showOn(item, chosen);
  }

  /** Put a photo onto the stage, and one of its results. */
  showOn(item, chosen) {
    const alone = this.on === "nothing"; // there was no photo before
    return this.stage.show({ before: alone ? (chosen ? seenAt(chosen) : null) : item.url, after: alone || !chosen ? null : seenAt(chosen), words: item.name, natural: alone ? null : naturalOf(item) });
  }

  drawResults(item, job, pictures, chosen) {
    this.results.hidden = pictures.length < 2;
    this.results.replaceChildren(...pictures.map((result, place) => this.resultCard(job, result, place, chosen)));
  }

  resultCard(job, result, place, chosen) {
    const palette = job.facts.palettes?.[place];
    return h("div", { class: "result" },
      h("button", { type: "button", class: "pick", "aria-pressed": String(result === chosen), "aria-label": T.effect.result(place + 1), on: { click: () => {
        this.shownResult = place;
        this.refresh();
        this.results.querySelectorAll(".pick")[place]?.focus();
      } } }, h("img", { src: seenAt(result), alt: "", loading: "lazy", decoding: "async" })),
      palette ? strip(palette) : null);
  }
}

/** A refusal as a sentence of its own. */
const sentenceOf = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** A photo's own size, where a small copy of it is shown; null where it is shown itself. */
export const naturalOf = (item) => (item.unseen && item.width ? { width: item.width, height: item.height } : null);

/** Parameters from the address; what the schema does not know is left out. */
export function fromQuery(query, schema) {
  const found = {};
  for (const [name, text] of query) {
    if (!(name in (schema.properties ?? {}))) continue;
    try {
      found[name] = JSON.parse(text);
    } catch {
      found[name] = text;
    }
  }
  return found;
}

export { stateOf, zip };
