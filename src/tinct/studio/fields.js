// Hand-made fields of single effects, where the schema's own would ask for text.

import { h, uid } from "./dom.js";
import { T } from "./texts.js";

const SHAPES = ["1:1", "4:5", "3:4", "2:3", "9:16", "5:4", "4:3", "3:2", "16:9", "2:1"];
const SHOWN = 100; // per cent, the most that a slider adds

/** The shape of the whole: one of those that people ask for, or none. */
function shape(name, schema, value, change) {
  const id = uid(name);
  const options = [null, ...SHAPES, ...(value && !SHAPES.includes(value) ? [value] : [])];
  const select = h("select", { id, on: { change: () => change(options[select.selectedIndex] ?? undefined) } }, ...options.map((option) => h("option", { text: option ?? T.extend.free, selected: option === (value ?? null) })));
  return h("div", { class: "field choice" }, h("label", { htmlFor: id, text: T.params["extend.to"] }), select);
}

/** What is added at a side, as a share of the photo. */
function amount(name, schema, value, change) {
  const id = uid(name);
  const share = /^\d+(\.\d+)?%$/.test(value ?? "") ? Number.parseFloat(value) : 0;
  const said = (text) => (text && !/^0(px|%)?$/.test(text) ? text.replace(/(\d)$/, "$1 px").replace("%", " %") : T.extend.nothing);
  const out = h("output", { htmlFor: id, text: said(value) });
  const range = h("input", { type: "range", id, name, min: 0, max: SHOWN, step: 5, value: String(Math.min(SHOWN, share)), "aria-valuetext": said(value), on: { input: () => {
    const text = range.value === "0" ? undefined : `${range.value}%`;
    out.textContent = said(text);
    range.setAttribute("aria-valuetext", out.textContent);
    change(text);
  } } });
  return h("div", { class: "field slider half" }, h("div", { class: "row" }, h("label", { htmlFor: id, text: T.extend.sides[name] }), out), range);
}

/** Fields in place of those of the schema, by effect and parameter. */
export const FIELDS = { extend: { to: shape, left: amount, top: amount, right: amount, bottom: amount } };
