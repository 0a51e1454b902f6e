// Small pictures of the tray's photos: made in this browser, or by the server where it cannot.

import { blobAt, bytesOf, previewOf } from "./api.js";
import { blobs } from "./kept.js";
import { firstFrame, thumbnail } from "./pictures.js";

const thumbs = blobs("thumbs");

export class Small {
  #tray;
  #previews = Promise.resolve(); // one at a time: the server makes no more either

  /** @param {{find: (id: string) => any, isClip: (item: any) => boolean, told: (kind: string) => void, changed: () => void}} tray */
  constructor(tray) {
    this.#tray = tray;
  }

  /** Give a photo its small picture; `blob` is what the server has not yet. */
  async draw(item, blob) {
    const { isClip, told } = this.#tray;
    let small = await thumbs.get(item.id);
    if (!small) {
      try {
        const whole = blob ?? (await bytesOf(item.fileId));
        small = await (isClip(item) ? firstFrame(whole) : thumbnail(whole));
        void thumbs.put(item.id, small);
      } catch {
        item.unseen = true; // this browser cannot show its format
        if (item.fileId) return this.byServer(item);
        item.thumb = "";
        return told("items");
      }
    } else if (item.unseen && item.fileId) item.url = isClip(item) ? item.url : previewOf(item.fileId);
    item.thumb = URL.createObjectURL(small);
    told("items");
  }

  /** Have the server make a picture of what this browser cannot show; it costs nothing. */
  byServer(item) {
    const { find, isClip, told, changed } = this.#tray;
    this.#previews = this.#previews.then(async () => {
      if (!find(item.id)) return;
      try {
        const small = await thumbnail(await blobAt(previewOf(item.fileId)));
        void thumbs.put(item.id, small);
        item.thumb = URL.createObjectURL(small);
        if (!isClip(item)) item.url = previewOf(item.fileId);
        changed();
      } catch {
        item.thumb = ""; // the server cannot either; its effects say why
        told("items");
      }
    });
    return this.#previews;
  }

  forget(id) {
    void thumbs.remove(id);
  }
}
