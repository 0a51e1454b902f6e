// <schema-form>: fields for the parameters of an effect, made from their JSON Schema; a new effect needs nothing here.

import { choiceOf } from "./api.js";
import { button, debounced, h, uid } from "./dom.js";
import { ICONS } from "./icons.js";
import { T, sentence } from "./texts.js";

const FEW = 4; // choices that are shown side by side
const LONG = 300; // letters from which a text gets several lines
/** What most people leave: by name, or of one effect alone. */
const APART = new Set(["seed", "engine", "method", "force", "steps", "guidance", "negative", "erase.complete", "erase.grow", "enhance.model", "enhance.faces", "extend.place", "extend.size", "extend.crop", "colorize.neutralise", "detect_faces.required"]);

const CONDITION = /^(For|Mode|With) (\w+)(?: (\w+))?[:,] ?/;

export class SchemaForm extends HTMLElement {
  #schema = null;
  #values = {};
  #own = {};
  #effect = "";
  #pictured = [];
  /** Whether a further photo of some name was given; the page says so. @type {(name: string) => boolean} */
  given = () => false;

  /**
   * @param {any} schema of an object
   * @param {Record<string, any>} values what differs from the defaults
   * @param {{own?: Record<string, (name: string, schema: any, value: any, change: (value: any) => void) => HTMLElement | null>, skip?: string[], effect?: string, pictured?: string[]}} [options]
   *   hand-made fields by name, names that are shown elsewhere, whose parameters these are, and which of them have pictures
   */
  use(schema, values, { own = {}, skip = [], effect = "", pictured = [] } = {}) {
    this.#schema = schema;
    this.#effect = effect;
    this.#pictured = pictured;
    this.#values = { ...values };
    this.#own = own;
    const shown = Object.entries(schema.properties ?? {}).filter(([name]) => !skip.includes(name));
    const apart = ([name]) => (APART.has(name) || APART.has(`${effect}.${name}`)) && !(schema.required ?? []).includes(name);
    const first = shown.filter((one) => !apart(one)).map(([name, field]) => this.#field(name, field));
    const more = shown.filter(apart).map(([name, field]) => this.#field(name, field));
    this.replaceChildren(this.#illustration() ?? "", ...first.filter(Boolean), more.length ? h("details", { class: "more" }, h("summary", { text: T.form.more }), ...more.filter(Boolean)) : "");
    this.relevant();
  }

  /** Whether a parameter is one to choose by the eye. */
  #byEye(name) {
    return this.#pictured.includes(name) && Boolean(plain(this.#schema.properties[name], this.#schema.$defs ?? {}).enum);
  }

  /** Where the picture of a choice is, beside what else is chosen; in coarse steps, so that few are asked for. */
  #pictureOf(chosen = {}) {
    const others = this.#pictured.map((name) => [name, this.get(name)]).filter(([, value]) => ["number", "string", "boolean"].includes(typeof value));
    return choiceOf(this.#effect, { ...Object.fromEntries(others.map(([name, value]) => [name, typeof value === "number" && !Number.isInteger(value) ? Math.round(value * 10) / 10 : value])), ...chosen });
  }

  /** One picture of all that is chosen, where no list shows it. */
  #illustration() {
    if (!this.#pictured.length || this.#pictured.some((name) => this.#byEye(name))) return null;
    const picture = h("img", { alt: T.form.drawn });
    const figure = h("figure", { class: "illustration", hidden: true }, picture);
    picture.addEventListener("error", () => { figure.hidden = true; });
    const draw = () => {
      const lacking = this.#pictured.some((name) => (this.#schema.required ?? []).includes(name) && this.get(name) === undefined);
      figure.hidden = lacking;
      if (!lacking) picture.src = this.#pictureOf();
    };
    draw();
    this.addEventListener("change", debounced(draw, 250));
    return figure;
  }

  /** Choices with a picture each. */
  #thumbs(name, schema, value, change) {
    const { title, told } = wordsOf(name, schema, this.#effect);
    const id = uid(name);
    const drawn = (option) => this.#pictureOf({ [name]: option });
    const pictures = (schema.nullable ? [null, ...schema.enum] : schema.enum).map((option) => [option, option === null ? h("span", { class: "no-picture" }) : h("img", { alt: "", loading: "lazy", decoding: "async", src: drawn(option) })]);
    const redraw = debounced(() => pictures.forEach(([option, picture]) => {
      if (option !== null && !picture.src.endsWith(drawn(option))) picture.src = drawn(option);
    }), 250);
    this.addEventListener("change", ({ detail }) => detail && detail.name !== name && this.#pictured.includes(detail.name) && redraw());
    return group("thumbs", title, told, id, h("div", { class: "thumb-list" }, ...pictures.map(([option, picture]) => h("label", {},
      h("input", { type: "radio", name: id, value: String(option), checked: option === (value ?? null), on: { change: () => change(option) } }),
      picture, h("span", { text: option === null ? T.form.none : wordOf(this.#effect, name, option) })))));
  }

  /** Hide what the present choices leave without effect. */
  relevant() {
    for (const element of this.querySelectorAll("[data-name]")) element.classList.toggle("away", !this.matters(this.#schema.properties[element.dataset.name]?.description));
  }

  /**
   * Whether what is so described has an effect beside the present choices: a description that begins with "For blur:" or
   * "Mode auto:" names a choice of another parameter, one with "With method generator:" also the parameter, and one with
   * "With a prompt:" something that has to be given.
   */
  matters(told = "") {
    const [, kind, first, second] = told.match(CONDITION) ?? [];
    const fields = this.#schema.properties ?? {};
    if (kind === "With" && first === "a") return second === "photo" ? this.given("image") : !(second in fields) || Boolean(this.get(second));
    if (kind === "With") return !(first in fields) || this.get(first) === second;
    const rules = kind && Object.entries(fields).find(([, field]) => field.enum?.includes(first));
    return !rules || this.get(rules[0]) === first;
  }

  /** What differs from the defaults and has an effect; what an order needs to say. */
  get values() {
    const fields = this.#schema?.properties ?? {};
    const differs = ([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(fields[name]?.default);
    return Object.fromEntries(Object.entries(this.#values).filter(([name]) => name in fields && this.matters(fields[name].description)).filter(differs));
  }

  /** Choose anew: values that are not named get their defaults, and every field shows it. */
  restore(values, root = this) {
    const before = this.all;
    this.#values = { ...values };
    for (const old of root.querySelectorAll("[data-name]")) {
      const fresh = this.field(old.dataset.name);
      if (fresh) old.replaceWith(fresh);
    }
    this.relevant();
    for (const name of Object.keys(this.#schema.properties)) {
      const value = this.get(name);
      if (JSON.stringify(value) !== JSON.stringify(name in before ? before[name] : this.#schema.properties[name].default)) this.dispatchEvent(new CustomEvent("change", { detail: { name, value } }));
    }
  }

  /** What was chosen, also what has no effect beside the present choices. */
  get all() {
    return { ...this.#values };
  }

  /** One value, the default where nobody chose. */
  get(name) {
    return name in this.#values ? this.#values[name] : this.#schema.properties[name]?.default;
  }

  set(name, value) {
    if (value === undefined) delete this.#values[name];
    else this.#values[name] = value;
    this.relevant();
    this.dispatchEvent(new CustomEvent("change", { detail: { name, value } }));
  }

  /** One field, for a page that places it itself. */
  field(name) {
    return this.#field(name, this.#schema.properties[name]);
  }

  #field(name, raw) {
    const schema = plain(raw, this.#schema.$defs ?? {});
    const value = this.get(name);
    const change = (fresh) => this.set(name, fresh);
    const made = this.#own[name] ? this.#own[name](name, schema, value, change) : this.#byEye(name) ? this.#thumbs(name, schema, value, change) : fieldFor(name, schema, value, change, this.#effect);
    if (made) made.dataset.name = name;
    return made;
  }
}

/** What a parameter is called, and what is said of it. */
function wordsOf(name, schema, effect) {
  const title = T.params[`${effect}.${name}`] ?? T.params[name] ?? sentence(schema.title ?? name);
  const told = T.help[`${effect}.${name}`] ?? T.help[name] ?? (schema.description ?? "").replace(CONDITION, "").replace(/^\w/, (letter) => letter.toUpperCase());
  return { title, told };
}

/** What a choice is called; null is that nobody chose. */
function wordOf(effect, name, option) {
  const own = T.choices[`${effect}.${name}.${option}`] ?? T.choices[`${name}.${option}`] ?? T.choices[option];
  return own ?? (option === null ? T.form.unset : sentence(String(option)));
}

/** A field for one parameter. */
export function fieldFor(name, schema, value, change, effect = "") {
  const { title, told } = wordsOf(name, schema, effect);
  if (schema.type === "boolean") return toggle(name, title, told, value, change);
  const says = (option) => wordOf(effect, name, option);
  if (schema.enum) return schema.enum.length <= FEW ? radios(name, title, told, schema, value, change, says) : choice(name, title, told, schema, value, change, says);
  if (schema.auto) return automatic(name, title, told, schema, value, change);
  if (schema.type === "number" || schema.type === "integer") return number(name, title, told, schema, value, change);
  if (schema.type === "array" && schema.items?.type === "string") return swatches(name, title, told, schema, value, change);
  if (schema.type === "array" && schema.items?.type === "integer") return numbers(name, title, told, value, change);
  if (schema.type === "string") return words(name, title, told, schema, value, change);
  return raw(name, title, told, value, change);
}

/** A schema without references, and without null beside it. */
function plain(schema, defs) {
  if (schema.$ref) return { ...plain(defs[schema.$ref.split("/").at(-1)] ?? {}, defs), ...schema };
  const options = schema.anyOf?.map((option) => plain(option, defs)) ?? null;
  if (!options) return schema;
  const real = options.filter((option) => option.type !== "null");
  const common = { title: schema.title, description: schema.description, default: schema.default };
  const constant = real.find((option) => "const" in option);
  const measured = real.find((option) => option.type === "number" || option.type === "integer");
  if (constant && measured) return { ...measured, ...common, auto: constant.const };
  return { ...real[0], ...common, nullable: options.length > real.length };
}

function labelled(kind, title, told, id, ...content) {
  const help = told ? h("p", { class: "help", id: `${id}-help`, text: told }) : null;
  return h("div", { class: `field ${kind}` }, h("label", { htmlFor: id, text: title }), ...content, help);
}

function group(kind, title, told, id, ...content) {
  return h("fieldset", { class: `field ${kind}`, "aria-describedby": told ? `${id}-help` : null }, h("legend", { text: title }), ...content, told ? h("p", { class: "help", id: `${id}-help`, text: told }) : null);
}

function toggle(name, title, told, value, change) {
  const id = uid(name);
  const box = h("input", { type: "checkbox", id, name, role: "switch", checked: Boolean(value), "aria-describedby": told ? `${id}-help` : null, on: { change: () => change(box.checked) } });
  return h("div", { class: "field toggle" }, h("label", { htmlFor: id }, box, h("span", { text: title })), told ? h("p", { class: "help", id: `${id}-help`, text: told }) : null);
}

function radios(name, title, told, schema, value, change, says) {
  const id = uid(name);
  const options = schema.nullable ? [null, ...schema.enum] : schema.enum;
  return group("radios", title, told, id, h("div", { class: "segments" }, ...options.map((option) => h("label", {},
    h("input", { type: "radio", name: id, value: String(option), checked: option === value || (option === null && value === undefined), on: { change: () => change(option) } }),
    h("span", { text: says(option) })))));
}

function choice(name, title, told, schema, value, change, says) {
  const id = uid(name);
  const options = schema.nullable ? [null, ...schema.enum] : schema.enum;
  const select = h("select", { id, name, "aria-describedby": told ? `${id}-help` : null, on: { change: () => change(options[select.selectedIndex]) } },
    ...options.map((option) => h("option", { text: says(option), selected: option === value })));
  return labelled("choice", title, told, id, select);
}

function bounds(schema) {
  const least = schema.minimum ?? schema.exclusiveMinimum;
  const most = schema.maximum ?? schema.exclusiveMaximum;
  const whole = schema.type === "integer";
  const step = whole ? 1 : 10 ** Math.floor(Math.log10((most - least) / 100) + 1e-9);
  return { least: schema.exclusiveMinimum !== undefined && !whole ? least + step : least, most: schema.exclusiveMaximum !== undefined ? most - (whole ? 1 : step) : most, step, whole };
}

function number(name, title, told, schema, value, change) {
  const id = uid(name);
  const { least, most, step, whole } = bounds(schema);
  const slides = least !== undefined && most !== undefined && most - least <= 1000;
  if (!slides) {
    const box = h("input", { type: "number", id, name, value: value ?? "", min: least, max: most, step: whole ? 1 : "any", inputMode: "decimal", "aria-describedby": told ? `${id}-help` : null, on: { change: () => box.validity.valid && change(box.value === "" ? undefined : Number(box.value)) } });
    return labelled("number", title, told, id, box);
  }
  const out = h("output", { htmlFor: id, text: shown(value, whole, most) });
  const range = h("input", { type: "range", id, name, min: least, max: most, step, value: String(value ?? least), "aria-describedby": told ? `${id}-help` : null, on: {
    input: () => { tell(); change(Number(range.value)); },
  } });
  const tell = () => {
    out.textContent = shown(Number(range.value), whole, most);
    range.setAttribute("aria-valuetext", out.textContent);
  };
  if (value !== undefined && value !== null) tell();
  return h("div", { class: "field slider" }, h("div", { class: "row" }, h("label", { htmlFor: id, text: title }), out), range, told ? h("p", { class: "help", id: `${id}-help`, text: told }) : null);
}

const shown = (value, whole, most) => (value === undefined || value === null ? "" : whole || most > 1 ? String(Math.round(value * 100) / 100) : `${Math.round(value * 100)} %`);

function automatic(name, title, told, schema, value, change) {
  const own = typeof value === "number";
  const slider = number(name, title, "", schema, own ? value : 0.5, change);
  const range = slider.querySelector("input");
  range.disabled = !own;
  const auto = toggle(`${name}-auto`, T.form.automatic, told, !own, (on) => {
    range.disabled = on;
    change(on ? schema.auto : Number(range.value));
  });
  return h("div", { class: "pair" }, slider, auto);
}

function words(name, title, told, schema, value, change) {
  const id = uid(name);
  if ((schema.maxLength ?? 0) >= LONG) {
    const box = h("textarea", { id, name, rows: 4, value: value ?? "", maxLength: schema.maxLength, "aria-describedby": told ? `${id}-help` : null, on: { input: () => change(box.value.trim() || undefined) } });
    return labelled("words", title, told, id, box);
  }
  const color = /#.*6|^\^#/.test(schema.pattern ?? "") || /#RRGGBB/.test(schema.description ?? "");
  const box = h("input", { type: color ? "color" : "text", id, name, value: value ?? "", pattern: schema.pattern ?? null, maxLength: schema.maxLength ?? 2000, autocomplete: "off", "aria-describedby": told ? `${id}-help` : null, on: { change: () => box.validity.valid && change(box.value || undefined) } });
  return labelled(color ? "color" : "words", title, told, id, box);
}

function numbers(name, title, told, value, change) {
  const id = uid(name);
  const box = h("input", { type: "text", id, name, value: (value ?? []).join(", "), pattern: "-?[0-9]+(\\s*,\\s*-?[0-9]+)*", autocomplete: "off", placeholder: "0, 1, -1", "aria-describedby": `${id}-help`, on: { change: () => box.validity.valid && change(box.value.trim() ? box.value.split(",").map(Number) : undefined) } });
  return labelled("words", title, told, id, box);
}

function raw(name, title, told, value, change) {
  const id = uid(name);
  const box = h("textarea", { id, name, rows: 3, spellcheck: false, value: value === undefined || value === null ? "" : JSON.stringify(value), "aria-describedby": told ? `${id}-help` : null, on: { change: () => {
    try {
      change(box.value.trim() ? JSON.parse(box.value) : undefined);
      box.setCustomValidity("");
    } catch {
      box.setCustomValidity(T.form.noJson);
      box.reportValidity();
    }
  } } });
  return labelled("words", title, told, id, box);
}

/** Colours as swatches that can be picked, added and taken away. */
export function swatches(name, title, told, schema, value, change) {
  const id = uid(name);
  let colors = [...(value ?? [])];
  const most = schema.maxItems ?? 8;
  const list = h("div", { class: "swatches" });
  const draw = (focus = -1) => {
    list.replaceChildren(
      ...colors.map((color, place) => h("span", { class: "swatch" },
        h("input", { type: "color", value: hex(color), "aria-label": T.palette.swatch(place + 1, color), on: {
          input: (event) => { colors[place] = event.target.value.toUpperCase(); change([...colors]); },
          change: () => draw(place),
        } }),
        button({ glyph: ICONS.close, label: T.palette.remove(place + 1), class: "tiny", on: { click: () => { colors.splice(place, 1); change(colors.length ? [...colors] : undefined); draw(); } } }))),
      colors.length < most ? button({ glyph: ICONS.add, label: T.palette.add, class: "swatch-add", on: { click: () => { colors.push(SUGGESTED[colors.length % SUGGESTED.length]); change([...colors]); draw(colors.length - 1); } } }) : "");
    if (focus >= 0) list.querySelectorAll("input")[focus]?.focus();
  };
  draw();
  const field = group("palette", title, told, id, list);
  field.setColors = (fresh) => {
    colors = fresh.slice(0, most);
    change(colors.length ? [...colors] : undefined);
    draw();
  };
  Object.defineProperty(field, "chosen", { get: () => [...colors] });
  return field;
}

const SUGGESTED = ["#1B4965", "#F4A259", "#5B8E7D", "#BC4B51", "#F4E285", "#6D597A", "#8CB369", "#2E2E3A"];

/** A colour as the browser's picker takes it. */
export function hex(color) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = /^[0-9a-f]{6}$/i.test(color) ? `#${color}` : color;
  return context.fillStyle;
}

customElements.define("schema-form", SchemaForm);
