// Above the settings of a page: take the last change back, begin anew, and keep settings under a name.

import { call, previewOf } from "./api.js";
import { button, debounced, h, uid } from "./dom.js";
import { ICONS } from "./icons.js";
import { T } from "./texts.js";

const MOST = 100; // changes that can be taken back
const QUIET = 400; // ms without a change after which the next one counts for itself

/** @typedef {import("./effect-page.js").EffectPage} Page */

/** The bar of a page; null where there is nothing to set. @param {Page} page */
export function settingsBar(page) {
  if (!Object.keys(page.effect.params.properties ?? {}).length) return null;
  const past = [];
  let now = JSON.stringify(page.form.all);
  const settle = debounced(() => note(), QUIET);
  const undo = button({ glyph: ICONS.undo, label: T.settings.undo, class: "quiet", disabled: true, on: { click: () => back() } });
  const reset = button({ glyph: ICONS.reset, label: T.settings.reset, class: "quiet", disabled: true, on: { click: () => put(page.defaults) } });
  const presets = page.keepsPresets ? button({ words: T.settings.presets, glyph: ICONS.star, class: "quiet presets-open", on: { click: () => void openPresets(page, put) } }) : h("span", { class: "help", text: T.settings.title });

  function note() {
    const fresh = JSON.stringify(page.form.all);
    if (fresh !== now) {
      past.push(now);
      if (past.length > MOST) past.shift();
      now = fresh;
    }
    draw();
  }
  function draw() {
    undo.disabled = !past.length;
    reset.disabled = JSON.stringify(page.form.values) === JSON.stringify(page.defaults);
  }
  function back() {
    note();
    const last = past.pop();
    if (last === undefined) return;
    now = last;
    page.restore(JSON.parse(last));
    draw();
    if (document.activeElement === document.body) (undo.disabled ? page.panel.querySelector(".panel-body input, .panel-body button") : undo)?.focus();
  }
  function put(params) {
    note();
    page.restore(params);
    note();
  }

  page.form.addEventListener("change", settle);
  page.root.addEventListener("keydown", (event) => {
    const writes = event.target instanceof Element && event.target.closest("input:not([type=range], [type=checkbox], [type=radio], [type=color]), textarea");
    if (writes || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    back();
  });
  draw();
  return h("div", { class: "settings-bar", role: "toolbar", "aria-label": T.settings.title }, presets, undo, reset);
}

/** Settings that are kept under names: use one, delete one, keep the present ones. */
async function openPresets(page, put) {
  const id = uid("preset");
  const list = h("ul", { class: "preset-list" });
  const problem = h("p", { class: "problem", role: "alert" });
  const field = h("input", { type: "text", id, required: true, maxLength: 100, autocomplete: "off" });
  const tried = (work) => async (event) => {
    event?.preventDefault();
    problem.textContent = "";
    try {
      await work();
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  const load = async () => {
    const looks = (await call("GET", "/v1/looks")).looks.filter((look) => look.effect === page.effect.name);
    list.replaceChildren(...(looks.length ? looks.map(row) : [h("li", { class: "help", text: T.settings.none })]));
  };
  const row = (look) => h("li", { class: "row" },
    button({ words: look.name, class: "saved-look", on: { click: () => {
      for (const [name, fileId] of Object.entries(look.inputs)) page.inputs[name] = [{ name: look.name, fileId, thumb: previewOf(fileId) }];
      put(look.params);
      page.redrawSlots();
      dialog.close();
    } } }),
    button({ glyph: ICONS.trash, label: T.settings.forget(look.name), class: "tiny", on: { click: tried(async () => {
      await call("DELETE", `/v1/looks/${look.id}`);
      await load();
    }) } }));
  const save = tried(async () => {
    const inputs = Object.fromEntries(Object.entries(page.inputs).filter(([name, given]) => given.length === 1 && name !== "mask").map(([name, [photo]]) => [name, photo.fileId]));
    await call("POST", "/v1/looks", { json: { name: field.value, effect: page.effect.name, params: page.form.values, inputs } });
    field.value = "";
    await load();
  });
  const dialog = h("dialog", { class: "presets", "aria-label": T.settings.presets }, h("h2", { text: T.settings.presets }), list,
    h("form", { on: { submit: save } }, h("label", { htmlFor: id, text: T.settings.name }), h("div", { class: "row" }, field, button({ words: T.save, class: "primary", type: "submit" }))),
    problem, h("div", { class: "actions" }, button({ words: T.close, on: { click: () => dialog.close() } })));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  await tried(load)();
}
