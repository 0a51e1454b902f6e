// <batch-tray>: all photos of this browser with the state of each, and of the run that works on several.

import { button, h, icon } from "./dom.js";
import { zip } from "./cards.js";
import { ACCEPT } from "./drop.js";
import { ICONS } from "./icons.js";
import * as store from "./store.js";
import { T } from "./texts.js";

export class BatchTray extends HTMLElement {
  #cells = new Map();
  #list = h("ul", { class: "tray-list" });
  #runs = h("div", { class: "runs" });
  #count = h("h2", { class: "tray-count" });
  #off = null;

  connectedCallback() {
    this.#off = new AbortController();
    const input = h("input", { type: "file", id: "tray-more", multiple: true, accept: ACCEPT.all, class: "visually-hidden", on: { change: () => {
      store.add([...input.files]);
      input.value = "";
    } } });
    const head = h("div", { class: "tray-head" }, this.#count, h("span", { class: "tray-actions" },
      input, h("label", { htmlFor: "tray-more", class: "button" }, icon(ICONS.add), h("span", { text: T.tray.more })),
      button({ words: T.tray.clear, glyph: ICONS.trash, class: "quiet tray-clear", "aria-label": T.tray.clear, on: { click: () => store.clear() } })));
    this.replaceChildren(head, this.#runs, this.#list);
    for (const kind of ["items", "jobs", "selected"]) store.on(kind, () => this.#soon(), this.#off.signal);
    this.#draw();
  }

  disconnectedCallback() {
    this.#off?.abort();
  }

  #waits = false;
  #soon() {
    if (this.#waits) return;
    this.#waits = true;
    requestAnimationFrame(() => {
      this.#waits = false;
      if (this.isConnected) this.#draw();
    });
  }

  #draw() {
    const items = store.all();
    this.hidden = !items.length;
    this.#count.textContent = T.tray.count(items.filter((item) => !store.isClip(item)).length, items.filter(store.isClip).length);
    const gone = new Set(this.#cells.keys());
    for (const item of items) {
      gone.delete(item.id);
      let cell = this.#cells.get(item.id);
      if (!cell) {
        cell = this.#cell(item);
        this.#cells.set(item.id, cell);
        this.#list.append(cell.row);
      }
      this.#update(cell, item);
    }
    for (const id of gone) {
      this.#cells.get(id).row.remove();
      this.#cells.delete(id);
    }
    this.#drawRuns();
  }

  #cell(item) {
    const picture = h("span", { class: "thumb" }, icon(ICONS.photo));
    const state = h("span", { class: "cell-state" });
    const bar = h("progress", { max: 1, "aria-label": T.job.progress });
    const pick = h("button", { type: "button", class: "pick", on: { click: () => store.select(item.id) } }, picture, h("span", { class: "cell-words" }, h("span", { class: "cell-name", text: item.name }), bar, state));
    const drop = button({ glyph: ICONS.close, label: T.tray.remove(item.name), class: "tiny", on: { click: () => {
      const row = drop.closest("li");
      const next = row.nextElementSibling ?? row.previousElementSibling;
      store.remove(item.id);
      (next?.querySelector(".pick") ?? document.querySelector("drop-zone:not([hidden]) input"))?.focus();
    } } });
    return { row: h("li", { class: "cell" }, pick, drop), pick, picture, state, bar, thumb: null };
  }

  #update(cell, item) {
    if (cell.thumb !== item.thumb && item.thumb) {
      cell.thumb = item.thumb;
      cell.picture.replaceChildren(h("img", { src: item.thumb, alt: "" }));
    }
    const job = store.lastJob(item);
    const told = stateOf(item, job);
    cell.row.dataset.state = told.kind;
    cell.state.textContent = told.words;
    cell.bar.hidden = told.share === null;
    if (told.share !== null) cell.bar.value = told.share;
    cell.pick.setAttribute("aria-current", String(store.current()?.id === item.id));
    cell.pick.title = told.problem ?? item.name;
  }

  #runsKey = "";
  #drawRuns() {
    const shown = store.allRuns().slice(-3).reverse().filter((run) => run.photos.filter((id) => store.find(id)).length > 1);
    const key = JSON.stringify(shown.map((run) => [run.id, store.tally(run)]));
    if (key === this.#runsKey) return; // what has the focus keeps it
    this.#runsKey = key;
    this.#runs.replaceChildren(...shown.map((run) => {
      const count = store.tally(run);
      const going = count.waiting + count.running > 0;
      return h("div", { class: "run", dataset: { run: run.id } },
        h("p", { role: "status" }, T.run.tally(run.effect, count)),
        going ? h("progress", { max: count.total, value: count.done + count.failed, "aria-label": T.job.progress }) : null,
        h("span", { class: "actions" },
          count.done && !going ? h("a", { class: "button primary zip", href: zip(run.id, run.effect), download: "" }, icon(ICONS.download), h("span", { text: T.run.zip(count.done) })) : null,
          count.failed && !going ? button({ words: T.run.retry(count.failed), glyph: ICONS.retry, on: { click: () => store.retry(run) } }) : null));
    }));
  }
}

/** Where a photo stands, in a word or a sentence. */
export function stateOf(item, job) {
  const refused = store.allRuns().findLast((run) => run.refused[item.id] && run.photos.includes(item.id));
  if (item.state === "failed") return { kind: "failed", words: item.error, share: null, problem: item.error };
  if (item.state === "waiting") return { kind: "sending", words: T.tray.waits, share: 0 };
  if (item.state === "uploading") return { kind: "sending", words: T.tray.sends(item.sent), share: item.sent };
  if (refused && (!job || store.allRuns().indexOf(refused) >= store.allRuns().findIndex((run) => run.of[item.id] === job.id))) return { kind: "failed", words: refused.refused[item.id], share: null, problem: refused.refused[item.id] };
  if (!job) return { kind: "ready", words: T.tray.ready, share: null };
  if (job.state === "queued") return { kind: "queued", words: job.position ? T.tray.place(job.position) : T.tray.queued, share: 0 };
  if (job.state === "running") return { kind: "running", words: T.tray.runs(job.progress), share: job.progress };
  if (job.state === "succeeded") return { kind: "done", words: T.tray.done(job.effect), share: null };
  return { kind: job.state === "cancelled" ? "cancelled" : "failed", words: job.failure?.message ?? T.job.states[job.state](job), share: null, problem: job.failure?.message };
}

customElements.define("batch-tray", BatchTray);
