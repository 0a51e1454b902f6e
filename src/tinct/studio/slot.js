// Places in the panel for further photos: a reference, a backdrop, faces.

import { previewOf } from "./api.js";
import { button, h } from "./dom.js";
import { ACCEPT } from "./drop.js";
import { fitted } from "./pictures.js";
import * as store from "./store.js";
import { T, sentence } from "./texts.js";

const THUMB = 240; // px

/** What an input or a parameter is called. */
export const titleOf = (name, title = name) => T.params[name] ?? sentence(title);

/**
 * A place for the photos of one input.
 * @param {any} input as `/v1/effects` tells it
 * @param {Record<string, {name: string, fileId: string, thumb?: string, file?: File}[]>} inputs photos by input name
 * @param {() => void} changed told after a photo came or went
 */
export function slot(input, inputs, changed) {
  const shown = h("div", { class: "slot-photo", hidden: true });
  const many = input.most > 1;
  const zone = h("drop-zone", { words: many ? T.drop.some : T.drop.one, accept: ACCEPT[input.clip ? "clip" : "photo"], plain: true, multiple: many ? "" : null });
  const problem = h("p", { class: "problem", role: "alert" });
  const draw = () => {
    const given = inputs[input.name] ?? [];
    shown.hidden = !given.length;
    zone.hidden = given.length >= input.most;
    shown.replaceChildren(...given.map((photo, place) => h("figure", {},
      photo.thumb ? h("img", { src: photo.thumb, alt: photo.name }) : null,
      h("figcaption", { text: many ? `${place + 1}: ${photo.name}` : photo.name }),
      button({ words: many ? T.effect.remove : T.effect.change, class: "quiet", on: { click: () => {
        inputs[input.name].splice(place, 1);
        draw();
        changed();
        zone.querySelector("input")?.focus();
      } } }))));
  };
  zone.addEventListener("files", async (event) => {
    problem.textContent = "";
    zone.toggleAttribute("busy", true);
    for (const file of event.detail.slice(0, input.most - (inputs[input.name]?.length ?? 0))) {
      try {
        const stored = await store.store(file, file.name);
        const thumb = await fitted(file, THUMB).then(asUrl).catch(() => previewOf(stored.id));
        inputs[input.name] = [...(inputs[input.name] ?? []), { name: file.name, fileId: stored.id, thumb, file }];
      } catch (error) {
        problem.textContent = error.message;
      }
    }
    zone.toggleAttribute("busy", false);
    draw();
    changed();
  });
  draw();
  const title = titleOf(input.name);
  const told = T.help[`input.${input.name}`] ?? input.summary.replace(/^For \w+: ?/, "").replace(/^\w/, (letter) => letter.toUpperCase());
  const place = h("fieldset", { class: "field slot", dataset: { input: input.name } }, h("legend", { text: input.required ? title : `${title} (${T.effect.optional})` }), zone, shown, problem, h("p", { class: "help", text: told }));
  place.draw = draw;
  return place;
}

async function asUrl(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return URL.createObjectURL(await canvas.convertToBlob({ type: "image/webp" }));
}
