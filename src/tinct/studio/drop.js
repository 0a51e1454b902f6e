// <drop-zone>: photos come by dropping, pasting or choosing; folders too.

import { h, uid } from "./dom.js";
import { icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { T } from "./texts.js";

const PHOTOS = "image/*,.heic,.heif,.avif,.tif,.tiff";
const CLIPS = "video/mp4,video/quicktime,.mp4,.m4v,.mov";
/** What a file chooser offers, by what is wanted. */
export const ACCEPT = { photo: PHOTOS, clip: CLIPS, all: `${PHOTOS},${CLIPS}` };

/** Every file that was dropped, those within folders too. */
export async function dropped(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = await Promise.all(entries.map((entry) => (entry instanceof File ? [entry] : within(entry))));
  return found.flat();
}

async function within(entry) {
  if (!entry) return [];
  if (entry.isFile) return new Promise((done) => entry.file((file) => done([file]), () => done([])));
  const reader = entry.createReader();
  const entries = [];
  for (;;) {
    const some = await new Promise((done) => reader.readEntries(done, () => done([])));
    if (!some.length) break;
    entries.push(...some);
  }
  const found = await Promise.all(entries.filter(({ name }) => !name.startsWith(".")).map(within));
  return found.flat();
}

export class DropZone extends HTMLElement {
  connectedCallback() {
    if (this.childElementCount) return;
    const id = uid("choose");
    const several = this.hasAttribute("multiple");
    const input = h("input", { type: "file", id, multiple: several, accept: this.getAttribute("accept") ?? ACCEPT.photo, class: "visually-hidden", on: { change: () => {
      this.#give([...input.files]);
      input.value = "";
    } } });
    const plain = this.hasAttribute("plain"); // one of several places in a panel
    const folder = several && !plain ? h("input", { type: "file", id: `${id}-folder`, webkitdirectory: true, class: "visually-hidden by-mouse", on: { change: () => {
      this.#give([...folder.files].filter((file) => !file.name.startsWith(".")));
      folder.value = "";
    } } }) : null;
    this.append(
      icon(ICONS.photo),
      h("p", { class: "drop-words", text: this.getAttribute("words") ?? T.drop.here }),
      h("p", { class: "drop-ways" }, input, h("label", { htmlFor: id, class: plain ? "button" : "button primary", text: this.getAttribute("choose") ?? (several ? T.drop.choose.photo : T.drop.chooseOne) }), folder, folder ? h("label", { htmlFor: folder.id, class: "button by-mouse", text: T.drop.folder }) : null),
      several && !plain ? h("p", { class: "help" }, h("span", { class: "by-mouse", text: `${T.drop.paste} ` }), T.drop.own) : "");
    this.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      event.stopPropagation();
      this.classList.add("over");
    });
    this.addEventListener("dragleave", () => this.classList.remove("over"));
    this.addEventListener("drop", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.classList.remove("over");
      document.body.classList.remove("dragging");
      this.#give(await dropped(event.dataTransfer));
    });
  }

  #give(files) {
    if (files.length) this.dispatchEvent(new CustomEvent("files", { detail: this.hasAttribute("multiple") ? files : files.slice(0, 1) }));
  }
}

customElements.define("drop-zone", DropZone);

/** The whole window takes photos: wherever they are dropped or pasted. */
export function everywhere(give) {
  let depth = 0;
  const files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  window.addEventListener("dragenter", (event) => files(event) && ++depth && document.body.classList.add("dragging"));
  window.addEventListener("dragleave", (event) => files(event) && --depth <= 0 && document.body.classList.remove("dragging"));
  window.addEventListener("dragover", (event) => files(event) && event.preventDefault());
  window.addEventListener("drop", async (event) => {
    depth = 0;
    document.body.classList.remove("dragging");
    if (!files(event)) return;
    event.preventDefault();
    give(await dropped(event.dataTransfer));
  });
  window.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length) return;
    event.preventDefault();
    give(pasted);
  });
}
