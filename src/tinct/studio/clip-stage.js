// <clip-stage>: a clip and what became of it, one over the other and in step, with a divider between them.

import { button, h, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { T } from "./texts.js";

const APART = 0.06; // s that both may differ before one is set right
const FRAME = 1 / 25; // s of a step by keys, about a frame
const STEP = 5; // s of a larger one

export class ClipStage extends HTMLElement {
  #before = h("video", { class: "before", playsInline: true, muted: true, preload: "metadata", tabIndex: -1 });
  #after = h("video", { class: "after", playsInline: true, preload: "metadata", tabIndex: -1 });
  #poster = h("img", { class: "poster", alt: "", hidden: true });
  #view;
  #split;
  #handle;
  #seek;
  #time;
  #play;
  #sound;
  #sources = [null, null];
  #can = { before: false, after: false };
  #shown = 0;
  #seeks = false;

  connectedCallback() {
    if (this.#view) return;
    this.#split = h("input", { type: "range", class: "split", min: 0, max: 100, value: "50", "aria-label": T.stage.split, on: { input: () => this.#divide() } });
    this.#handle = h("div", { class: "handle" }, h("span", { class: "knob" }, h("span"), h("span")));
    this.#view = h("div", { class: "view clip-view", tabIndex: 0, role: "group", "aria-label": T.clip.view },
      this.#poster, this.#before, this.#after, h("span", { class: "tag tag-before", text: T.stage.before }), h("span", { class: "tag tag-after", text: T.stage.after }), this.#split, this.#handle);
    this.#play = button({ glyph: ICONS.play, label: T.clip.play, class: "quiet", on: { click: () => this.toggle() } });
    this.#seek = h("input", { type: "range", class: "seek", min: 0, max: 1, step: "any", value: "0", "aria-label": T.clip.seek, on: {
      input: () => this.#go(Number(this.#seek.value)),
      pointerdown: () => { this.#seeks = true; },
      pointerup: () => { this.#seeks = false; },
    } });
    this.#time = h("span", { class: "time" });
    this.#sound = button({ glyph: ICONS.sound, label: T.clip.sound, class: "quiet", "aria-pressed": "true", on: { click: () => this.#mute() } });
    const hold = button({ glyph: ICONS.compare, words: T.stage.hold, class: "quiet hold", "aria-label": T.stage.hold });
    for (const kind of ["pointerdown", "keydown"]) hold.addEventListener(kind, (event) => (event.key === undefined || event.key === " " || event.key === "Enter") && this.hold(true));
    for (const kind of ["pointerup", "pointerleave", "keyup", "blur"]) hold.addEventListener(kind, () => this.hold(false));
    this.append(this.#view, h("div", { class: "stage-tools", role: "toolbar", "aria-label": T.clip.tools }, this.#play, this.#seek, this.#time, this.#sound, hold));
    this.#listen();
  }

  disconnectedCallback() {
    for (const video of [this.#before, this.#after]) video.pause();
  }

  /**
   * Show a clip, and perhaps what became of it.
   * @param {{before: string | null, after?: string | null, poster?: string | null, words?: string}} what `poster` is shown
   *   where this browser cannot play the clip
   */
  async show({ before, after = null, poster = null, words = "" }) {
    const turn = ++this.#shown;
    const at = this.#sources[0] === before ? this.#lead.currentTime : 0;
    const [first, second] = await Promise.all([this.#load(0, this.#before, before), this.#load(1, this.#after, after)]);
    if (turn !== this.#shown || !this.#view) return;
    this.#can = { before: first, after: second };
    this.#before.hidden = !first;
    this.#after.hidden = !second;
    this.#before.setAttribute("aria-label", words);
    this.#after.setAttribute("aria-label", T.stage.result);
    this.#poster.hidden = first || second || !poster;
    if (!this.#poster.hidden) this.#poster.src = poster;
    this.classList.toggle("compared", first && second);
    this.#split.disabled = !(first && second);
    for (const control of [this.#play, this.#seek, this.#sound]) control.disabled = !first && !second;
    this.#mute(this.#sound.getAttribute("aria-pressed") === "true");
    this.#seek.max = String(this.#lead.duration || 1);
    this.#go(at);
    this.#divide();
    this.#tell();
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
    void this.#lead.play().catch(() => {});
  }

  hold(holding) {
    this.classList.toggle("holding", holding && this.classList.contains("compared"));
  }

  #go(seconds) {
    const to = Math.min(Math.max(0, seconds), this.#lead.duration || 0);
    this.#lead.currentTime = to;
    if (this.#follower) this.#follower.currentTime = to;
    this.#tell();
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
    this.#play.replaceChildren(icon(paused ? ICONS.play : ICONS.pause));
    for (const name of ["aria-label", "title"]) this.#play.setAttribute(name, paused ? T.clip.play : T.clip.pause);
  }

  #divide() {
    const share = Number(this.#split.value);
    this.#split.setAttribute("aria-valuetext", T.stage.splitAt(Math.round(share)));
    this.#handle.style.transform = `translateX(${(this.#view.clientWidth * share) / 100}px)`;
    this.#after.style.clipPath = this.#can.before && this.#can.after ? `inset(0 0 0 ${share}%)` : "none";
  }

  #listen() {
    new ResizeObserver(() => this.#divide()).observe(this.#view);
    for (const video of [this.#before, this.#after]) {
      video.addEventListener("play", () => video === this.#lead && this.#follower && void this.#follower.play().catch(() => {}));
      video.addEventListener("pause", () => {
        if (video !== this.#lead) return;
        this.#follower?.pause();
        if (this.#follower) this.#follower.currentTime = video.currentTime;
      });
      for (const kind of ["play", "pause", "timeupdate", "seeked", "ended"]) video.addEventListener(kind, () => {
        if (video !== this.#lead) return;
        const other = this.#follower;
        if (other && !video.paused && Math.abs(other.currentTime - video.currentTime) > APART) other.currentTime = video.currentTime;
        this.#tell();
      });
    }
    let drags = false, moved = false;
    const share = (event) => {
      const box = this.#view.getBoundingClientRect();
      return Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100));
    };
    this.#view.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      drags = this.classList.contains("compared") && Math.abs(share(event) - Number(this.#split.value)) < 8;
      moved = false;
      this.#view.setPointerCapture(event.pointerId);
      this.#view.focus({ preventScroll: true });
      event.preventDefault();
    });
    this.#view.addEventListener("pointermove", (event) => {
      if (!drags) return;
      moved = true;
      this.#split.value = String(share(event));
      this.#divide();
    });
    this.#view.addEventListener("pointerup", () => {
      if (!moved) this.toggle();
      drags = false;
    });
    this.#view.addEventListener("pointercancel", () => { drags = false; });
    this.#view.addEventListener("keydown", (event) => this.#key(event));
    this.#view.addEventListener("keyup", (event) => event.key.toLowerCase() === "c" && this.hold(false));
  }

  #key(event) {
    if (event.target !== this.#view || event.ctrlKey || event.metaKey || event.altKey) return;
    const now = this.#lead.currentTime;
    const keys = {
      " ": () => this.toggle(), k: () => this.toggle(), c: () => this.hold(true), m: () => this.#mute(),
      ",": () => this.#go(now - FRAME), ".": () => this.#go(now + FRAME), j: () => this.#go(now - STEP), l: () => this.#go(now + STEP),
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
    if (!this.classList.contains("compared")) return this.#go(this.#lead.currentTime + sign * (far ? STEP : 1));
    this.#split.value = String(Number(this.#split.value) + sign * (far ? 10 : 2));
    this.#divide();
  }
}

customElements.define("clip-stage", ClipStage);
