// <clip-stage>: a clip and what became of it, in step: one over the other with a divider between them, or side by side.

import { button, h, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { fullButton, fullScreen, holdButton, keysButton } from "./stage-tools.js";
import { T } from "./texts.js";

const APART = 0.02; // s that both may differ while they play
const FAR = 0.25; // s from which one is set right at once
const PULL = 0.06; // share by which the one that lags plays faster
const RATE = 25; // frames a second where the clip does not say
const STEP = 5; // s of a large step

export class ClipStage extends HTMLElement {
  #before = h("video", { class: "before", playsInline: true, muted: true, preload: "metadata", tabIndex: -1 });
  #after = h("video", { class: "after", playsInline: true, preload: "metadata", tabIndex: -1 });
  #poster = h("img", { class: "poster", alt: "", hidden: true });
  #still = h("div", { class: "after still", hidden: true }); // what one frame would become
  #marks = h("div", { class: "marks", hidden: true }); // where a layer lies: over the clip itself
  #layer = null;
  #natural = null; // its size as it is stored
  #view;
  #split;
  #handle;
  #seek;
  #time;
  #play;
  #sound;
  #beside;
  #sources = [null, null];
  #can = { before: false, after: false };
  #rate = RATE;
  #shown = 0;
  #seeks = false;

  connectedCallback() {
    if (this.#view) return;
    this.#split = h("input", { type: "range", class: "split", min: 0, max: 100, value: "50", "aria-label": T.stage.split, on: { input: () => this.#divide() } });
    this.#handle = h("div", { class: "handle" }, h("span", { class: "knob" }, h("span"), h("span")));
    this.#view = h("div", { class: "view clip-view", tabIndex: 0, role: "group", "aria-label": T.clip.view },
      this.#poster, this.#before, this.#after, this.#still, this.#marks, h("span", { class: "tag tag-before", text: T.stage.before }), h("span", { class: "tag tag-after", text: T.stage.after }), this.#split, this.#handle);
    const tool = (glyph, label, work, more = {}) => button({ glyph, label, class: "quiet", on: { click: work }, ...more });
    this.#play = tool(ICONS.play, T.clip.play, () => this.toggle());
    this.#seek = h("input", { type: "range", class: "seek", min: 0, max: 1, step: "any", value: "0", "aria-label": T.clip.seek, on: {
      input: () => this.#go(Number(this.#seek.value)),
      pointerdown: () => { this.#seeks = true; },
      pointerup: () => { this.#seeks = false; },
    } });
    this.#time = h("span", { class: "time" });
    this.#sound = tool(ICONS.sound, T.clip.sound, () => this.#mute(), { "aria-pressed": "true" });
    this.#beside = tool(ICONS.beside, T.clip.beside, () => this.#lay(!this.classList.contains("beside")), { class: "quiet beside-switch", "aria-pressed": "false" });
    this.back = tool(ICONS.back, T.clip.back, () => this.#step(-1));
    this.on = tool(ICONS.on, T.clip.on, () => this.#step(1));
    this.append(this.#view, h("div", { class: "stage-tools", role: "toolbar", "aria-label": T.clip.tools }, this.#play, this.back, this.on, this.#seek, this.#time, this.#sound, this.#beside, holdButton(this), fullButton(this), keysButton(), h("span", { class: "layer-tools" })));
    this.#listen();
  }

  disconnectedCallback() {
    for (const video of [this.#before, this.#after]) video.pause();
  }

  /**
   * Show a clip, and perhaps what became of it.
   * @param {{before: string | null, after?: string | null, poster?: string | null, words?: string, rate?: number | null, natural?: {width: number, height: number} | null}} what
   *   `poster` is shown where this browser cannot play the clip; `rate` is in frames a second
   */
  async show({ before, after = null, poster = null, words = "", rate = null, natural = null }) {
    const turn = ++this.#shown;
    const at = this.#sources[0] === before ? this.#lead.currentTime : 0;
    const [first, second] = await Promise.all([this.#load(0, this.#before, before), this.#load(1, this.#after, after)]);
    if (turn !== this.#shown || !this.#view) return;
    this.#rate = rate || RATE;
    this.#natural = natural;
    this.#can = { before: first, after: second };
    this.#before.hidden = !first;
    this.#after.hidden = !second;
    this.#before.setAttribute("aria-label", words);
    this.#after.setAttribute("aria-label", T.stage.result);
    this.#poster.hidden = first || second || !poster;
    if (!this.#poster.hidden) this.#poster.src = poster;
    for (const control of [this.#play, this.#seek, this.#sound, this.back, this.on]) control.disabled = !first && !second;
    this.#mute(this.#sound.getAttribute("aria-pressed") === "true");
    this.#seek.max = String(this.#lead.duration || 1);
    this.still(null);
    this.#go(at);
    this.dispatchEvent(new CustomEvent("shown", { detail: { seen: first || second || !before, result: second } }));
  }

  #load(place, video, source) {
    if (source === this.#sources[place]) return Promise.resolve(Boolean(source) && video.readyState > 0);
    this.#sources[place] = source;
    video.pause();
    if (!source) {
      video.removeAttribute("src");
      video.load();
      return Promise.resolve(false);
    }
    return new Promise((done) => {
      video.onloadedmetadata = () => done(video.videoWidth > 0);
      video.onerror = () => done(false);
      video.src = source;
    });
  }

  // -- one frame -----------------------------------------------------------------------------------------------------

  /** Seconds at which it stands. */
  get at() {
    return this.#lead.currentTime;
  }

  /** Whether a moment is that of the frame that is seen. */
  shows(at) {
    return this.#frameAt(at) === this.#frameAt(this.at);
  }

  #frameAt(seconds) {
    return Math.floor(seconds * this.#rate + 1e-3);
  }

  /** The source's frame that is seen, no longer than `side` pixels; null where this browser cannot play it. */
  frame(side = Infinity) {
    const { videoWidth: width, videoHeight: height } = this.#before;
    if (!this.#can.before || this.#before.readyState < 2) return null;
    const scale = Math.min(1, side / Math.max(width, height));
    const canvas = h("canvas", { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(this.#before, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  /** Show what the frame that is seen would become, until another one is seen. @param {HTMLElement | null} picture */
  still(picture, degree = 1) {
    this.#still.replaceChildren(picture ?? "");
    this.#still.hidden = !picture;
    this.degree = degree;
    this.#arrange();
  }

  /** How much of the still is blended in, 0..1. */
  set degree(value) {
    this.#still.style.opacity = String(value);
  }

  // -- a layer -------------------------------------------------------------------------------------------------------

  /** Put a layer over the clip; while it stands still the layer gets the pointer, if it grabs. `null` takes it away. */
  set layer(layer) {
    if (layer === this.#layer) return;
    this.#layer = layer;
    this.#marks.replaceChildren(layer ?? "");
    if (layer?.help) this.#view.setAttribute("aria-description", layer.help);
    else this.#view.removeAttribute("aria-description");
    this.querySelector(".layer-tools").replaceChildren(...(layer?.tools ?? []));
    this.#arrange();
    this.#tell();
  }

  /** Pixels of the clip as it is shown. */
  get size() {
    const { width, height } = this.#marks.getBoundingClientRect();
    return { width: Math.max(1, width), height: Math.max(1, height) };
  }

  /** Pixels of a frame as this browser gives it. */
  get frameSize() {
    return { width: this.#before.videoWidth || 1, height: this.#before.videoHeight || 1 };
  }

  /** Pixels of the clip itself, upright. */
  get sourceSize() {
    const seen = this.frameSize;
    if (!this.#natural) return seen;
    const { width, height } = this.#natural; // as stored: perhaps before it was turned
    return (width > height) === (seen.width > seen.height) ? { width, height } : { width: height, height: width };
  }

  /** Where on the clip a point of the window is, in its pixels. */
  toPhoto(clientX, clientY) {
    const box = this.#marks.getBoundingClientRect();
    const { width, height } = this.sourceSize;
    return { x: ((clientX - box.left) / box.width) * width, y: ((clientY - box.top) / box.height) * height };
  }

  /** Whether the layer takes what is pressed there. */
  #grabs(event) {
    if (!this.#layer?.grabs || this.#marks.hidden) return false;
    const { x, y } = this.toPhoto(event.clientX, event.clientY);
    const { width, height } = this.sourceSize;
    return x >= 0 && y >= 0 && x < width && y < height;
  }

  /** Where the clip itself stands in the view. */
  #placeMarks() {
    const { left, top, width, height } = this.#before.getBoundingClientRect();
    const view = this.#view.getBoundingClientRect();
    const seen = this.frameSize;
    const scale = Math.min(width / seen.width, height / seen.height);
    const across = seen.width * scale, down = seen.height * scale;
    Object.assign(this.#marks.style, { left: `${left - view.left + (width - across) / 2}px`, top: `${top - view.top + (height - down) / 2}px`, width: `${across}px`, height: `${down}px` });
    this.dispatchEvent(new Event("placed"));
  }

  // -- playing -------------------------------------------------------------------------------------------------------

  /** The one whose time counts, and that is heard. */
  get #lead() {
    return this.#can.after ? this.#after : this.#before;
  }

  get #follower() {
    return this.#can.after && this.#can.before ? this.#before : null;
  }

  /** Play, or stop. */
  toggle() {
    if (!this.#can.before && !this.#can.after) return;
    if (!this.#lead.paused) return this.#lead.pause();
    this.still(null);
    void this.#lead.play().catch(() => {});
  }

  hold(holding) {
    this.classList.toggle("holding", holding && this.classList.contains("compared"));
  }

  /** Show the frame of a moment. */
  go(seconds) {
    if (!this.#lead.paused) this.#lead.pause();
    this.#go(seconds);
  }

  #go(seconds) {
    const to = Math.min(Math.max(0, seconds), this.#lead.duration || 0);
    if (to !== this.#lead.currentTime) this.still(null);
    this.#lead.currentTime = to;
    if (this.#follower) this.#follower.currentTime = to;
    this.#tell();
  }

  /** To the middle of a frame further on, so that no rounding shows its neighbour. */
  #step(frames) {
    if (!this.#lead.paused) this.#lead.pause();
    this.#go((this.#frameAt(this.at) + frames + 0.5) / this.#rate);
  }

  #mute(on = this.#sound.getAttribute("aria-pressed") !== "true") {
    this.#sound.setAttribute("aria-pressed", String(on));
    this.#before.muted = !on || this.#lead !== this.#before;
    this.#after.muted = !on || this.#lead !== this.#after;
  }

  #tell() {
    const { currentTime, duration, paused } = this.#lead;
    if (!this.#seeks) this.#seek.value = String(currentTime);
    this.#seek.setAttribute("aria-valuetext", T.clip.time(currentTime, duration || 0));
    this.#time.textContent = T.clip.time(currentTime, duration || 0);
    this.#marks.hidden = !this.#layer || !paused || !this.#can.before;
    this.#view.classList.toggle("with-layer", !this.#marks.hidden);
    this.#layer?.moved();
    this.#play.replaceChildren(icon(paused ? ICONS.play : ICONS.pause));
    for (const name of ["aria-label", "title"]) this.#play.setAttribute(name, paused ? T.clip.play : T.clip.pause);
  }

  /** While they play, the one that lags plays a little faster; who is far off is set right at once. */
  #inStep() {
    const other = this.#follower;
    if (!other || this.#lead.paused) return;
    const late = this.#lead.currentTime - other.currentTime;
    if (Math.abs(late) > FAR) other.currentTime = this.#lead.currentTime;
    other.playbackRate = Math.abs(late) > APART ? this.#lead.playbackRate * (1 + Math.sign(late) * PULL) : this.#lead.playbackRate;
  }

  // -- comparing -----------------------------------------------------------------------------------------------------

  #lay(beside) {
    this.classList.toggle("beside", beside);
    this.#beside.setAttribute("aria-pressed", String(beside));
    this.#arrange();
  }

  /** What stands where: over each other, or beside each other in the direction that leaves them larger. */
  #arrange() {
    const compared = this.#can.before && (this.#can.after || !this.#still.hidden);
    this.classList.toggle("compared", compared);
    this.#after.classList.toggle("covered", !this.#still.hidden);
    const box = this.#view?.getBoundingClientRect();
    const video = this.#can.before ? this.#before : this.#after;
    const shape = video.videoWidth / Math.max(1, video.videoHeight);
    const fits = (width, height) => Math.min(width, height * shape);
    this.classList.toggle("stacked", Boolean(box) && fits(box.width, box.height / 2) > fits(box.width / 2, box.height));
    this.#placeMarks();
    this.#divide();
  }

  get #besideNow() {
    return this.classList.contains("beside") && this.classList.contains("compared");
  }

  #divide() {
    const share = Number(this.#split.value);
    this.#split.disabled = !this.classList.contains("compared") || this.#besideNow;
    this.#split.setAttribute("aria-valuetext", T.stage.splitAt(Math.round(share)));
    this.#handle.style.transform = `translateX(${(this.#view.clientWidth * share) / 100}px)`;
    const clip = this.classList.contains("compared") && !this.#besideNow ? `inset(0 0 0 ${share}%)` : "none";
    for (const element of [this.#after, this.#still]) element.style.clipPath = clip;
  }

  #listen() {
    new ResizeObserver(() => this.#arrange()).observe(this.#view);
    for (const video of [this.#before, this.#after]) {
      const leads = () => video === this.#lead;
      video.addEventListener("play", () => leads() && this.#follower && void this.#follower.play().catch(() => {}));
      video.addEventListener("pause", () => {
        if (!leads()) return;
        this.#follower?.pause();
        if (!video.ended) this.#step(0); // both at the same frame
      });
      for (const kind of ["play", "pause", "timeupdate", "seeked", "ended"]) video.addEventListener(kind, () => leads() && this.#tell());
      // A frame of the source stands still: whoever previews may look at it.
      for (const kind of ["seeked", "pause", "loadeddata"]) video.addEventListener(kind, () => video === this.#before && this.#lead.paused && this.dispatchEvent(new Event("rested")));
      const each = () => {
        if (leads()) this.#inStep();
        video.requestVideoFrameCallback(each);
      };
      video.requestVideoFrameCallback?.(each);
    }
    this.#drag();
    this.#view.addEventListener("keydown", (event) => this.#key(event));
    this.#view.addEventListener("keyup", (event) => event.key.toLowerCase() === "c" && this.hold(false));
  }

  #drag() {
    let drags = false, moved = false, marks = false;
    const share = (event) => {
      const box = this.#view.getBoundingClientRect();
      return Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100));
    };
    this.#view.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      drags = !this.#split.disabled && Math.abs(share(event) - Number(this.#split.value)) < 8;
      moved = false;
      marks = !drags && this.#grabs(event);
      if (marks) this.#layer.press(this.toPhoto(event.clientX, event.clientY), event);
      this.#view.setPointerCapture(event.pointerId);
      this.#view.focus({ preventScroll: true });
      event.preventDefault();
    });
    this.#view.addEventListener("pointermove", (event) => {
      if (marks) this.#layer.drag(this.toPhoto(event.clientX, event.clientY), event);
      if (!drags) return;
      moved = true;
      this.#split.value = String(share(event));
      this.#divide();
    });
    this.#view.addEventListener("pointerup", () => {
      if (marks) this.#layer.release();
      else if (!moved) this.toggle();
      drags = marks = false;
    });
    this.#view.addEventListener("pointercancel", () => {
      if (marks) this.#layer.release();
      drags = marks = false;
    });
  }

  #key(event) {
    if (event.target !== this.#view || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.#marks.hidden && this.#layer?.key(event)) return event.preventDefault();
    const now = this.#lead.currentTime;
    const keys = {
      " ": () => this.toggle(), k: () => this.toggle(), c: () => this.hold(true), m: () => this.#mute(), f: () => fullScreen(this),
      s: () => this.#lay(!this.classList.contains("beside")),
      ",": () => this.#step(-1), ".": () => this.#step(1), j: () => this.#go(now - STEP), l: () => this.#go(now + STEP),
      home: () => this.#go(0), end: () => this.#go(this.#lead.duration),
      arrowleft: () => this.#nudge(-1, event.shiftKey), arrowright: () => this.#nudge(1, event.shiftKey),
    };
    const work = keys[event.key.toLowerCase()];
    if (!work) return;
    work();
    event.preventDefault();
  }

  /** Arrows move the divider where there is one, and the time where there is none. */
  #nudge(sign, far) {
    if (this.#split.disabled) return this.#go(this.#lead.currentTime + sign * (far ? STEP : 1));
    this.#split.value = String(Number(this.#split.value) + sign * (far ? 10 : 2));
    this.#divide();
  }
}

customElements.define("clip-stage", ClipStage);
