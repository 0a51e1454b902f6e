// A page of an effect on clips: the same as of one on photos, with a stage that plays.

import { contentOf, previewOf } from "./api.js";
import "./clip-stage.js";
import { EffectPage } from "./effect-page.js";

/** Makes a page of photos one of clips. */
export const forClips = (Page) => class extends Page {
  makeStage() {
    return document.createElement("clip-stage");
  }

  /** Its results that are clips; colour maps and such are for programs. */
  pictures(job) {
    return super.pictures(job).filter(({ media_type }) => media_type.startsWith("video/"));
  }

  showOn(item, chosen) {
    return this.stage.show({ before: item.url, after: chosen ? contentOf(chosen.id) : null, poster: item.fileId ? previewOf(item.fileId) : item.thumb, words: item.name });
  }
};

export const ClipPage = forClips(EffectPage);
