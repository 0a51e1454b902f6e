// The account's jobs, newest first: see, download, go on with, delete. And what its credits became.

import { call, contentOf, insist, previewOf, seenAt } from "./api.js";
import { button, h, icon } from "./dom.js";
import { strip } from "./cards.js";
import { ICONS } from "./icons.js";
import * as store from "./store.js";
import { T, sentence } from "./texts.js";

const PAGE = 30;

/** @param {(name: string) => string} titleOf title of an effect */
export function historyPage(titleOf) {
  const list = h("ul", { class: "history" });
  const more = button({ words: T.history.more, hidden: true, on: { click: () => void load() } });
  const empty = h("p", { class: "help", hidden: true, text: T.history.empty });
  let cursor = null;

  async function load() {
    more.disabled = true;
    const page = await insist("GET", `/v1/jobs?limit=${PAGE}${cursor ? `&cursor=${cursor}` : ""}`);
    list.append(...page.jobs.map((job) => row(job, titleOf, count)));
    cursor = page.next_cursor;
    more.hidden = !cursor;
    more.disabled = false;
    count();
  }

  function count() {
    empty.hidden = list.childElementCount > 0;
  }

  const page = h("section", { class: "page" }, h("header", {}, h("h1", { text: T.history.title }), h("p", { text: T.history.says })), empty, list, more, credits());
  load().catch((error) => page.append(h("p", { class: "problem", text: error.message })));
  return page;
}

function row(job, titleOf, removed) {
  const shown = job.results.filter(({ role }) => !["map", "people"].includes(role)).slice(0, 4);
  const item = h("li", { dataset: { job: job.id, state: job.state } },
    h("div", { class: "history-pictures" }, ...shown.map((result) => h("img", { src: result.media_type.startsWith("video/") ? previewOf(result.id) : seenAt(result), alt: "", loading: "lazy", decoding: "async" })), shown.length ? null : icon(ICONS[job.effect] ?? ICONS.effect)),
    h("div", { class: "history-words" },
      h("h2", { text: titleOf(job.effect) }),
      h("p", { class: "help" }, h("time", { dateTime: job.created_at, text: new Date(job.created_at).toLocaleString() }), ` · ${sentence(job.state.replaceAll("_", " "))}`),
      job.failure && job.state !== "cancelled" ? h("p", { class: "problem", text: job.failure.message }) : null,
      Array.isArray(job.facts.palettes?.[0]) ? strip(job.facts.palettes[0]) : null,
      job.state === "succeeded" && !job.results.length && job.results_expire_at && new Date(job.results_expire_at) < new Date() ? h("p", { class: "help", text: T.history.expired }) : null),
    h("div", { class: "actions" },
      job.results.length ? h("a", { class: "button", href: contentOf(job.results[0].id), download: "" }, icon(ICONS.download), h("span", { text: T.job.download })) : null,
      job.results.length ? button({ words: T.history.use, glyph: ICONS.next, on: { click: async () => {
        await store.take(job.results[0].id, null);
        location.hash = `#/${job.effect}`;
      } } }) : null,
      button({ words: T.history.remove, glyph: ICONS.trash, class: "danger", on: { click: async (event) => {
        const pressed = event.currentTarget;
        if (!pressed.dataset.sure) {
          pressed.dataset.sure = "yes";
          pressed.querySelector("span").textContent = T.history.sure;
          setTimeout(() => { delete pressed.dataset.sure; pressed.querySelector("span").textContent = T.history.remove; }, 4000);
          return;
        }
        pressed.disabled = true;
        await call("DELETE", `/v1/jobs/${job.id}`);
        store.forget(job.id);
        const next = item.nextElementSibling ?? item.previousElementSibling;
        item.remove();
        removed();
        next?.querySelector("button, a")?.focus();
      } } })));
  return item;
}

function credits() {
  const box = h("section", { class: "credits", hidden: true });
  void (async () => {
    const account = await call("GET", "/v1/account");
    if (account.unlimited) return;
    const { entries } = await call("GET", "/v1/account/history?limit=20");
    box.hidden = false;
    box.append(h("h2", { text: T.history.credits }), h("p", { text: T.history.balance(account.available, account.held) }),
      h("div", { class: "scrolls", tabIndex: 0, role: "region", "aria-label": T.history.credits }, h("table", {}, h("thead", {}, h("tr", {}, ...T.history.columns.map((text) => h("th", { scope: "col", text })))),
        h("tbody", {}, ...entries.map((entry) => h("tr", {}, h("td", { text: new Date(entry.at).toLocaleString() }), h("td", { text: T.history.kinds[entry.kind] ?? entry.kind }), h("td", { text: entry.note }), h("td", { class: "amount", text: entry.available > 0 ? `+${entry.available}` : String(entry.available) })))))));
  })();
  return box;
}
