// <clip-points>: the true colours of places of a clip, each at its moment; those of the frame that is seen lie on it.

import { ColorPoints } from "./marks.js";

export class ClipPoints extends ColorPoints {
  made(place) {
    return { at: Math.floor(this.stage.at * 1e4) / 1e4, ...super.made(place) };
  }

  seen({ at }) {
    return this.stage.shows(at);
  }

  /** Another frame is seen. */
  moved() {
    this.draw();
  }
}

customElements.define("clip-points", ClipPoints);
