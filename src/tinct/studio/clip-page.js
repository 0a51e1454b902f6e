// A page of an effect on clips: the same as of one on photos, with a stage that plays, and a look at one frame beforehand.

import { blobAt, contentOf, currentSession, insist, previewOf, seenAt } from "./api.js";
import "./clip-stage.js";
import { button, h } from "./dom.js";
import { EffectPage } from "./effect-page.js";
import { settled } from "./follow.js";
import { ICONS } from "./icons.js";
import { loadedFrom } from "./pictures.js";
import * as store from "./store.js";
import { T } from "./texts.js";
import { toolOf } from "./tools.js";

/** Makes a page of photos one of clips. */
export const forClips = (Page) => class extends Page {
  #tries = 0; // orders for one frame

  open() {
    const root = super.open();
    this.tried = h("p", { class: "help tried", role: "status", hidden: true });
    this.stage.after(this.tried);
    return root;
  }

  makeStage() {
    return document.createElement("clip-stage");
  }

  /** Its results that are clips; colour maps and such are for programs. */
  pictures(job) {
    return super.pictures(job).filter(({ media_type }) => media_type.startsWith("video/"));
  }

  showOn(item, chosen) {
    return this.stage.show({ before: item.url, after: chosen ? contentOf(chosen.id) : null, poster: item.fileId ? previewOf(item.fileId) : item.thumb, words: item.name, rate: item.rate, natural: item.width ? { width: item.width, height: item.height } : null });
  }

  // -- one frame -----------------------------------------------------------------------------------------------------

  /** The effect that does to a photo what this one does to a clip; null where there is none. */
  get twin() {
    return toolOf(this.effect.name.replace(/^video_/, ""));
  }

  drawGo(item) {
    super.drawGo(item);
    if (!this.twin || !item || item.state === "failed" || this.go.querySelector(".try")) return;
    const price = currentSession()?.limited ? ` · ${T.price(this.twin.credits)}` : "";
    const hindered = this.hindered();
    this.go.querySelector(".run").after(button({ words: T.clip.try + price, glyph: ICONS.eye, class: "try", disabled: Boolean(hindered), on: { click: () => void this.tryFrame() } }));
  }

  /** The order for one frame: what this page says, in so far as the other effect knows it. */
  orderOfFrame() {
    const { params, inputs } = this.order();
    const known = this.twin.params.properties ?? {};
    return { params: Object.fromEntries(Object.entries(params).filter(([name, value]) => name in known && (!known[name].enum || known[name].enum.includes(value)))), inputs };
  }

  /** Say something of the frame below it. */
  say(words) {
    this.tried.hidden = !words;
    this.tried.textContent = words;
  }

  /** Have the frame that is seen worked on as a photo is, and show it beside that frame. */
  async tryFrame() {
    const turn = ++this.#tries;
    const item = this.item;
    const { at } = this.stage;
    const pressed = this.go.querySelector(".try");
    pressed.disabled = true;
    this.say(T.clip.trying(at));
    try {
      const frame = await this.#frame(item);
      const stored = await store.store(frame, "frame.png");
      const { params, inputs } = this.orderOfFrame();
      const job = await settled(await insist("POST", "/v1/jobs", { json: { effect: this.twin.name, params, inputs: { image: stored.id, ...inputs }, format: "png" } }));
      if (turn !== this.#tries || this.item !== item) return;
      if (job.state !== "succeeded") this.say(job.failure?.message ?? T.error.internal);
      else await this.showTry(job, at);
    } catch (error) {
      this.say(error.message);
    } finally {
      pressed.disabled = false;
    }
  }

  async #frame(item) {
    const canvas = this.stage.frame();
    if (canvas) return new Promise((done) => canvas.toBlob(done, "image/png"));
    return blobAt(previewOf(item.fileId)); // of the first frame
  }

  /** Show what came of a frame. */
  async showTry(job, at) {
    await this.showStill(job.results[0], at);
  }

  async showStill(result, at, degree = 1) {
    const picture = await loadedFrom(seenAt(result));
    if (this.stage.at !== at) return this.say(""); // somebody looks at another frame by now
    picture.alt = T.stage.result;
    this.stage.still(picture, degree);
    this.say(T.clip.triedAt(at));
  }
};

export const ClipPage = forClips(EffectPage);
