// Small helpers over the DOM. Everything is made by createElement: no markup is ever parsed from a string.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any>} [props] `class`, `text`, `dataset`, `on` (listeners); others are set as properties where
 *   the element has them, else as attributes. null, undefined and false are left out.
 * @param {...any} children nodes and strings; arrays are flattened, empty ones left out
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "on") for (const [kind, listener] of Object.entries(value)) element.addEventListener(kind, listener);
    else if (name in element && !name.includes("-") && typeof value !== "string") element[name] = value;
    else if (["value", "htmlFor", "href", "src"].includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An icon of one path on a 24 by 24 grid; it says nothing to screen readers. */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const drawn = document.createElementNS(SVG, "path");
  drawn.setAttribute("d", path);
  svg.append(drawn);
  return svg;
}

/** A button with an icon, words, or both; `label` is what it is called where no words are shown. */
export function button({ words, glyph, label, ...props }) {
  return h("button", { type: "button", "aria-label": words ? null : label, title: words ? null : label, ...props }, glyph ? icon(glyph) : null, words ? h("span", { text: words }) : null);
}

let counted = 0;
/** An id that is unique in the page, to tie labels to fields. */
export const uid = (stem = "id") => `${stem}-${++counted}`;

/** Call `work` once `wait` ms have passed without another call. */
export function debounced(work, wait) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => work(...given), wait);
  };
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Numbers of bytes for people. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return `${count >= 10 || unit === 0 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
}
