// Colour migration of clips: the controls of photos, and a look that can be kept.

import { forClips } from "./clip-page.js";
import { EffectPage } from "./effect-page.js";
import { migrating } from "./migrate-controls.js";

export class MigrateClipPage extends migrating(forClips(EffectPage)) {
  order() {
    const { params, ...order } = super.order();
    const degree = this.form.values.degree;
    return { ...order, params: { ...params, maps: true, ...(degree === undefined ? {} : { degree }) } };
  }

  drawStage(item) {
    super.drawStage(item);
    if (!this.look) return;
    const map = item && this.jobFor(item)?.results.find(({ role }) => role === "map")?.id;
    this.look.hidden = !map;
    this.look.replaceChildren(...(map ? this.mapButtons(map, item.name) : []));
  }
}
