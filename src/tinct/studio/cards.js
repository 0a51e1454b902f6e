// <job-card>: how far one job is, what came of it, and what can be done with it. <palette-strip>: colours side by side.

import { contentOf } from "./api.js";
import { button, h, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import * as store from "./store.js";
import { T, left } from "./texts.js";

const APART = new Set(["map", "people"]); // results for programs

export class JobCard extends HTMLElement {
  #key = "";
  #bar = null;
  #says = null;

  /**
   * @param {any} job as the server tells it, or null
   * @param {{refused?: string | null, waiting?: string | null, onRetry?: (() => void) | null, share?: (() => void) | null, chosen?: number, use?: ((result: any) => void) | null, copy?: ((result: any) => Promise<void>) | null}} [more]
   */
  show(job, { refused = null, waiting = null, onRetry = null, share = null, chosen = 0, use = null, copy = null } = {}) {
    this.hidden = !job && !refused && !waiting;
    if (this.hidden) return this.replaceChildren();
    const key = `${job?.id} ${job?.state} ${refused} ${waiting} ${chosen}`;
    if (key !== this.#key) this.#draw(job, { refused, waiting, onRetry, share, chosen, use, copy });
    this.#key = key;
    this.#update(job, waiting);
  }

  #draw(job, { refused, waiting, onRetry, share, chosen, use, copy }) {
    const state = refused ? "failed" : job?.state ?? "sending";
    this.dataset.state = state;
    const going = state === "queued" || state === "running" || state === "sending";
    this.#bar = going ? h("progress", { max: 1, "aria-label": T.job.progress }) : null;
    this.#says = h("p", { class: "job-state", role: "status" });
    const problem = refused ?? job?.failure?.message ?? null;
    const results = state === "succeeded" ? job.results.filter(({ role }) => !APART.has(role)) : [];
    const one = results[Math.min(chosen, results.length - 1)];
    const focused = this.contains(document.activeElement);
    this.replaceChildren(
      this.#says,
      this.#bar ?? "",
      problem && state !== "cancelled" ? h("p", { class: "problem" }, problem) : "",
      h("div", { class: "actions" },
        one ? h("a", { class: "button tinted", href: contentOf(one.id), download: "" }, icon(ICONS.download), h("span", { text: T.job.download })) : null,
        results.length > 1 && job.batch ? h("a", { class: "button", href: zip(job.batch, job.effect), download: "" }, icon(ICONS.download), h("span", { text: T.job.all(results.length) })) : null,
        one && use ? button({ words: T.job.use, glyph: ICONS.next, on: { click: () => use(one) } }) : null,
        one && copy ? button({ words: T.job.copy, glyph: ICONS.copy, on: { click: (event) => void copied(event.currentTarget, copy(one)) } }) : null,
        going && job ? button({ words: T.job.cancel, glyph: ICONS.close, on: { click: () => void store.cancel(job.id) } }) : null,
        problem && onRetry ? button({ words: T.job.retry, glyph: ICONS.retry, on: { click: onRetry } }) : null,
        share && job ? button({ words: T.job.code, glyph: ICONS.code, on: { click: share } }) : null),
      state === "succeeded" ? facts(job) : "");
    if (focused) this.querySelector("a, button")?.focus();
  }

  #update(job, waiting) {
    if (waiting) this.#says.textContent = waiting;
    else if (job) this.#says.textContent = T.job.states[job.state]?.(job, remaining(job)) ?? job.state;
    else this.#says.textContent = T.job.refused;
    if (!this.#bar) return;
    if (job?.state === "running" && job.progress > 0) this.#bar.value = job.progress;
    else this.#bar.removeAttribute("value");
  }
}

/** Say on a button whether something was copied. */
async function copied(pressed, work) {
  const said = pressed.querySelector("span");
  said.textContent = await work.then(() => T.job.copied, () => T.job.notCopied);
  setTimeout(() => { said.textContent = T.job.copy; }, 3000);
}

/** Seconds that a running job may still take, from how far it came since this page saw it run; null where unknown. */
function remaining(job) {
  if (job.state !== "running" || !job.began || job.progress < 0.05) return null;
  const ran = (performance.now() - job.began) / 1000;
  return ran < 1 ? null : left((ran / job.progress) * (1 - job.progress));
}

/** All results of a batch; what other tools need, such as colour maps, is left out. */
export const zip = (batch, effect) => `/v1/batches/${encodeURIComponent(batch)}/results.zip${effect === "migrate" ? "?role=main&role=variant" : ""}`;

/** What a job found, for those who want to know. */
function facts(job) {
  const told = Object.entries(job.facts ?? {}).filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && !value.length));
  if (!told.length) return "";
  const open = !job.results.length; // then they are all there is
  return h("details", { class: "facts", open }, h("summary", { text: T.job.facts }), h("dl", {}, ...told.flatMap(([name, value]) => [h("dt", { text: name.replaceAll("_", " ") }), h("dd", {}, shown(value))])));
}

function shown(value) {
  if (Array.isArray(value) && value.length && value.every((item) => typeof item === "string" && /^#[0-9A-F]{6}$/i.test(item))) return strip(value);
  if (Array.isArray(value) && value.length && value.every(Array.isArray)) return h("div", {}, ...value.map((item) => shown(item)));
  if (typeof value === "object") return h("code", { text: JSON.stringify(value) });
  return String(value);
}

/** Colours side by side; `shares` are their widths. */
export function strip(colors, shares = null, label = T.palette.strip) {
  const made = document.createElement("palette-strip");
  made.show(colors, shares, label);
  return made;
}

export class PaletteStrip extends HTMLElement {
  show(colors, shares = null, label = T.palette.strip) {
    this.setAttribute("role", "img");
    this.setAttribute("aria-label", `${label}: ${colors.join(", ")}`);
    this.replaceChildren(...colors.map((color, place) => {
      const band = h("span", { title: color });
      band.style.background = color;
      band.style.flexGrow = String(shares?.[place] ?? 1);
      return band;
    }));
  }
}

customElements.define("job-card", JobCard);
customElements.define("palette-strip", PaletteStrip);
