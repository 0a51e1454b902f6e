// Buttons that photos and clips have alike below them, and the list of keys.

import { button, h } from "./dom.js";
import { ICONS } from "./icons.js";
import { T } from "./texts.js";

/** Shows what was before while it is pressed. @param {{hold: (on: boolean) => void}} stage */
export function holdButton(stage) {
  const hold = button({ glyph: ICONS.hold, words: T.stage.hold, class: "quiet hold", "aria-label": T.stage.hold });
  for (const kind of ["pointerdown", "keydown"]) hold.addEventListener(kind, (event) => (event.key === undefined || event.key === " " || event.key === "Enter") && stage.hold(true));
  for (const kind of ["pointerup", "pointercancel", "pointerleave", "keyup", "blur"]) hold.addEventListener(kind, () => stage.hold(false));
  hold.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch holds, and asks for nothing else
  return hold;
}

/** Fills the screen with a stage, and gives it back; null where the browser cannot. @param {HTMLElement} stage */
export function fullButton(stage) {
  if (!document.fullscreenEnabled) return null;
  const full = button({ glyph: ICONS.full, label: T.stage.full, class: "quiet full", "aria-pressed": "false", on: { click: () => fullScreen(stage) } });
  stage.addEventListener("fullscreenchange", () => full.setAttribute("aria-pressed", String(document.fullscreenElement === stage)));
  return full;
}

export function fullScreen(stage) {
  if (!document.fullscreenEnabled) return;
  void (document.fullscreenElement === stage ? document.exitFullscreen() : stage.requestFullscreen()).catch(() => {});
}

/** Opens the list of keys; of no use where there is no keyboard. */
export const keysButton = () => button({ glyph: ICONS.keys, label: T.keys.title, class: "quiet keys", on: { click: showKeys } });

/** All keys in a dialog. */
export function showKeys() {
  if (document.querySelector("dialog[open]")) return;
  const dialog = h("dialog", { class: "keys-list", "aria-label": T.keys.title }, h("h2", { text: T.keys.title }),
    h("div", { class: "keys-groups" }, ...T.keys.groups.map(([title, rows]) => h("section", {}, h("h3", { text: title }), h("dl", {}, ...rows.map(([keys, what]) => h("div", {}, h("dt", {}, ...keys.split(" ").map((key) => h("kbd", { text: key }))), h("dd", { text: what }))))))),
    h("div", { class: "actions" }, button({ words: T.close, class: "primary", on: { click: () => dialog.close() } })));
  dialog.addEventListener("close", () => dialog.remove());
  (document.fullscreenElement ?? document.body).append(dialog);
  dialog.showModal();
}

/** `?` shows the keys wherever nothing is being written. */
export function listenForKeys() {
  window.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest("input:not([type=range], [type=checkbox], [type=radio], [type=color]), textarea, select")) return;
    event.preventDefault();
    showKeys();
  });
}
