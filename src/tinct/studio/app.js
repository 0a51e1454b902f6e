// The shell: who is signed in, which page is shown, and what stays around every page.

import { call, currentSession, insist, resume, signIn, signOut, wire } from "./api.js";
import { button, h, icon } from "./dom.js";
import { everywhere } from "./drop.js";
import { EffectPage } from "./effect-page.js";
import { historyPage } from "./history.js";
import { ICONS } from "./icons.js";
import { json } from "./kept.js";
import { ask } from "./signin.js";
import * as store from "./store.js";
import { T } from "./texts.js";
import "./tray.js";

/** Pages with controls of their own, by effect; fetched when they are opened. */
const PAGES = {
  migrate: async () => (await import("./migrate-page.js")).MigratePage,
};
const ORDER = ["migrate", "colorize", "enhance", "light", "correct", "background", "erase", "extend", "makeup", "swap"];

/** Whether an effect asks for something on the photo itself: a mask, points, faces. */
const onPhoto = (effect) => effect.inputs.some(({ name }) => name === "mask") || ["hints", "mapping"].some((name) => name in (effect.params.properties ?? {}));

let effects = [];
let page = null;

const main = h("main", { id: "main" });
const rail = h("nav", { class: "rail", "aria-label": T.nav.tools });
const credits = h("span", { class: "credits-left" });
const banner = h("p", { class: "banner", role: "status", hidden: true });

function shell() {
  const theme = button({ glyph: ICONS.theme, label: T.nav.theme, class: "quiet", on: { click: () => {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    json.put("theme", document.documentElement.dataset.theme);
  } } });
  document.body.append(
    h("a", { class: "skip", href: "#main", text: T.nav.skip, on: { click: (event) => {
      event.preventDefault();
      (main.querySelector("photo-stage:not([hidden]) .view") ?? main.querySelector("drop-zone:not([hidden]) input, button"))?.focus();
    } } }),
    h("header", { class: "top" },
      h("a", { class: "brand", href: "#/migrate" }, h("img", { src: new URL("./icon.svg", import.meta.url).href, alt: "", width: 24, height: 24 }), h("span", { text: T.name })),
      credits,
      h("span", { class: "top-actions" },
        h("a", { class: "button quiet", href: "#/history", "aria-label": T.nav.history }, icon(ICONS.history), h("span", { text: T.nav.history })),
        h("a", { class: "button quiet wide-only", href: "/docs" }, h("span", { text: T.nav.docs })),
        theme,
        button({ glyph: ICONS.key, label: T.nav.signOut, class: "quiet", on: { click: () => void signOut().catch(() => {}) } }))),
    banner, rail, main, h("batch-tray", { role: "region", "aria-label": T.tray.label }), h("div", { class: "drop-hint", "aria-hidden": "true", text: T.drop.anywhere }));
}

function drawRail(current) {
  rail.replaceChildren(h("ul", {}, ...effects.map((effect) => h("li", {}, h("a", { href: `#/${effect.name}`, "aria-current": effect.name === current ? "page" : null }, icon(ICONS[effect.name] ?? ICONS.effect), h("span", { text: effect.title }))))));
  rail.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

let routes = 0; // how many times the address was read
async function route() {
  if (!effects.length) return;
  const mine = ++routes;
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const name = path || "migrate";
  page?.close?.();
  page = null;
  drawRail(name);
  if (name === "history") {
    document.title = `${T.history.title} – ${T.name}`;
    main.replaceChildren(historyPage((effect) => effects.find((found) => found.name === effect)?.title ?? effect));
    return;
  }
  const effect = effects.find((found) => found.name === name);
  if (!effect) {
    main.replaceChildren(h("section", { class: "page" }, h("h1", { text: T.error.noEffect })));
    return;
  }
  document.title = `${effect.title} – ${T.name}`;
  const Page = PAGES[name] ? await PAGES[name]() : onPhoto(effect) ? (await import("./marked-page.js")).MarkedPage : EffectPage;
  if (mine !== routes) return; // the address changed while the page's code was on its way
  page = new Page(effect, new URLSearchParams(query));
  main.replaceChildren(page.open());
}

let started = null; // the account whose pages are shown
async function start() {
  const { account } = currentSession();
  if (started === account) return spend(); // signed in again: whatever was begun is still there
  started = account;
  await store.resume();
  const found = (await insist("GET", "/v1/effects")).effects;
  const rank = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  effects = found.filter((one) => !one.inputs.some((input) => input.clip)).sort((a, b) => rank(a.name) - rank(b.name) || a.title.localeCompare(b.title));
  await spend();
  await route();
}

let told = "";
async function spend() {
  const account = await call("GET", "/v1/account");
  const session = currentSession();
  if (session) session.limited = !account.unlimited;
  credits.textContent = account.unlimited ? "" : T.credits(account.available);
}

/** Open the session of a one-time link; the code leaves the address at once. */
async function byLink() {
  const code = new URLSearchParams(location.hash.replace(/^#/, "")).get("open");
  if (!code) return false;
  history.replaceState(null, "", "#/migrate");
  await signIn({ code });
  return true;
}

async function begin() {
  document.documentElement.dataset.theme = json.get("theme", "");
  shell();
  everywhere((files) => store.add(files));
  window.addEventListener("hashchange", () => void route());
  window.addEventListener("beforeunload", (event) => store.busy() && event.preventDefault());
  wire.addEventListener("offline", () => { banner.hidden = false; banner.textContent = T.offline; });
  wire.addEventListener("online", () => { banner.hidden = true; });
  wire.addEventListener("signed-out", () => ask(T.signin.ended));
  wire.addEventListener("signed-in", () => void start().catch(failed));
  store.on("jobs", () => {
    const ends = store.all().flatMap((item) => item.jobs).map((id) => store.jobOf(id)).filter(store.ended).length;
    if (String(ends) === told) return;
    told = String(ends);
    if (currentSession()?.limited) void spend().catch(() => {});
  });
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      if (!(await byLink()) && !(await resume())) ask();
      return;
    } catch (error) {
      if (error.status) return ask(error.message);
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

function failed(error) {
  if (error.status === 401) return;
  main.replaceChildren(h("section", { class: "page" }, h("p", { class: "problem", role: "alert", text: error.status ? error.message : T.error.failed })));
  if (!error.status) throw error;
}

void begin();
