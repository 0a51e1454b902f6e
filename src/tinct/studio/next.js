// Where a result can go from here: into another tool, or to another program.

import { blobAt, seenAt } from "./api.js";
import { button, h, icon } from "./dom.js";
import { iconOf } from "./icons.js";
import * as store from "./store.js";
import { T, sentence } from "./texts.js";
import { tools, worksOn } from "./tools.js";

/** Choose the tool that works on a result next. @param {{id: string, media_type: string}} result @param {string} name its photo's */
export function goOn(result, name, here) {
  const kind = result.media_type.startsWith("video/") ? "clip" : "photo";
  const problem = h("p", { class: "problem", role: "alert" });
  const take = async (effect) => {
    try {
      await store.take(result.id, name);
      dialog.close();
      location.hash = `#/${effect}`;
    } catch (error) {
      problem.textContent = error.message; // it has expired, say
    }
  };
  const fitting = tools().filter((effect) => worksOn(effect) === kind);
  const dialog = h("dialog", { class: "go-on", "aria-label": T.next.title }, h("h2", { text: T.next.title }), h("p", { class: "help", text: T.next.says }),
    h("ul", { class: "tool-list" }, ...fitting.map((effect) => h("li", {}, h("button", { type: "button", "aria-current": effect.name === here ? "true" : null, dataset: { effect: effect.name }, on: { click: () => void take(effect.name) } }, icon(iconOf(effect.name)), h("span", { text: sentence(effect.title.replace(/ of clips$/i, "")) }))))),
    problem, h("div", { class: "actions" }, button({ words: T.close, on: { click: () => dialog.close() } })));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Whether this browser lets a page copy pictures; it does on this machine and under TLS. */
export const canCopy = () => Boolean(window.isSecureContext && navigator.clipboard?.write && window.ClipboardItem);

/** Put a result into the clipboard, as PNG: what every program takes. */
export async function copyPicture(result) {
  const picture = blobAt(seenAt(result)).then(asPng);
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
}

async function asPng(blob) {
  if (blob.type === "image/png") return blob;
  const bitmap = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/png" });
}
