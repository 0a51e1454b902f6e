// The shell: who is signed in, which page is shown, and what stays around every page.

import { call, currentSession, insist, resume, signIn, signOut, wire } from "./api.js";
import { button, h, icon, uid } from "./dom.js";
import { everywhere } from "./drop.js";
import { EffectPage } from "./effect-page.js";
import { historyPage } from "./history.js";
import { ICONS, iconOf } from "./icons.js";
import { json } from "./kept.js";
import { ask } from "./signin.js";
import * as store from "./store.js";
import { listenForKeys } from "./stage-tools.js";
import { T, sentence } from "./texts.js";
import { addressed, keepTools, worksOn } from "./tools.js";
import "./tray.js";

/** Pages with controls of their own, by effect; fetched when they are opened. */
const PAGES = {
  migrate: async () => (await import("./migrate-page.js")).MigratePage,
  video_migrate: async () => (await import("./migrate-clip-page.js")).MigrateClipPage,
};
/** Tools in the order of how often people look for them; others follow by name. */
const ORDER = ["migrate", "colorize", "enhance", "light", "correct", "background", "erase", "replace", "extend", "restore", "generate", "makeup", "swap", "hair_style", "hair_bangs", "hair_extend", "hair_volume", "hair_transfer", "cartoon"];
const ASIDE = ["convert", "detect_faces", "moderate"]; // for programs rather than for people: last
const KINDS = ["photo", "nothing", "clip"];

/** The page of an effect: with controls of its own, with marks on the photo, of clips, or made from the schema alone. */
async function pageFor(effect) {
  if (PAGES[effect.name]) return PAGES[effect.name]();
  const on = worksOn(effect);
  if (on === "clip") return hinted(effect) ? (await import("./hinted-clip-page.js")).HintedClipPage : (await import("./clip-page.js")).ClipPage;
  return on === "photo" && onPhoto(effect) ? (await import("./marked-page.js")).MarkedPage : EffectPage;
}

/** Whether an effect asks for something on the photo itself: a mask, points, faces. */
const onPhoto = (effect) => effect.faces || effect.inputs.some(({ name }) => name === "mask") || hinted(effect);
const hinted = (effect) => "hints" in (effect.params.properties ?? {});

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

const toggle = h("button", { type: "button", class: "rail-toggle", "aria-expanded": "false", "aria-controls": "rail-menu", on: { click: () => fold(rail.classList.contains("open")) } });

/** All tools by what they work on. A narrow screen shows the present one, and the others when it is pressed. */
function makeRail() {
  const groups = KINDS.map((kind) => [kind, effects.filter((effect) => worksOn(effect) === kind)]).filter(([, some]) => some.length);
  rail.replaceChildren(toggle, h("div", { class: "rail-menu", id: "rail-menu" }, ...groups.map(([kind, some]) => {
    const id = uid("group");
    return h("section", { "aria-labelledby": id }, h("h2", { id, text: T.nav.kinds[kind] }), h("ul", {}, ...some.map((effect) => h("li", {}, h("a", { href: `#/${effect.name}`, dataset: { effect: effect.name } }, icon(iconOf(effect.name)), h("span", { text: titleOf(effect) }))))));
  })));
  rail.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !rail.classList.contains("open")) return;
    fold(true);
    toggle.focus();
  });
}

function fold(folded) {
  toggle.setAttribute("aria-expanded", String(!folded));
  rail.classList.toggle("open", !folded);
}

/** Mark the tool whose page is shown. */
function markRail(current) {
  const now = effects.find(({ name }) => name === current);
  for (const link of rail.querySelectorAll("a")) {
    if (link.dataset.effect === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  toggle.replaceChildren(icon(now ? iconOf(now.name) : ICONS.menu), h("span", { text: now ? titleOf(now) : T.nav.tools }), icon(ICONS.down));
  fold(true);
  rail.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}

/** Its title; within their group clips need not be said again. */
const titleOf = (effect) => (worksOn(effect) === "clip" ? sentence(effect.title.replace(/ of clips$/i, "")) : sentence(effect.title));

/** Put a page in its place; whoever asked for it by a key or a click is led to its title. */
function put(section, asked) {
  main.replaceChildren(section);
  const title = section.querySelector("h1");
  if (!title || !asked) return;
  title.tabIndex = -1;
  title.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

let routes = 0; // how many times the address was read
async function route(asked = false) {
  if (!effects.length) return;
  const mine = ++routes;
  const { name, query } = addressed();
  page?.close?.();
  page = null;
  markRail(name);
  if (name === "history") {
    document.title = `${T.history.title} – ${T.name}`;
    put(historyPage((effect) => effects.find((found) => found.name === effect)?.title ?? effect), asked);
    return;
  }
  const effect = effects.find((found) => found.name === name);
  if (!effect) {
    put(h("section", { class: "page" }, h("h1", { text: T.error.noEffect })), asked);
    return;
  }
  document.title = `${effect.title} – ${T.name}`;
  const Page = await pageFor(effect);
  if (mine !== routes) return; // the address changed while the page's code was on its way
  page = new Page(effect, new URLSearchParams(query));
  put(page.open(), asked);
}

let started = null; // the account whose pages are shown
async function start() {
  const { account } = currentSession();
  if (started === account) return spend(); // signed in again: whatever was begun is still there
  started = account;
  await store.resume();
  const found = (await insist("GET", "/v1/effects")).effects;
  const rank = (name) => (ASIDE.includes(name) ? ORDER.length + 1 : ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  effects = found.sort((a, b) => rank(a.name.replace(/^video_/, "")) - rank(b.name.replace(/^video_/, "")) || a.title.localeCompare(b.title));
  keepTools(effects);
  makeRail();
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
  listenForKeys();
  window.addEventListener("hashchange", () => void route(true));
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
