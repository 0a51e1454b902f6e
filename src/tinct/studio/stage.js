// <photo-stage>: a photo and what became of it, one over the other, with a divider between them; zoom, pan and a loupe.

import { button, h } from "./dom.js";
import { ICONS } from "./icons.js";
import { fullButton, fullScreen, holdButton, keysButton } from "./stage-tools.js";
import { T } from "./texts.js";

const MOST = 16; // times the photo's own pixels
const STEP = 1.25;
const LOUPE = 168; // CSS px

export class PhotoStage extends HTMLElement {
  #before = h("img", { class: "before", alt: "", draggable: false });
  #after = h("img", { class: "after", alt: "", draggable: false });
  #plane = h("div", { class: "plane" });
  #view;
  #range;
  #handle;
  #tools;
  #loupe = null;
  #over = null; // a layer that draws on the photo
  #size = { width: 0, height: 0 };
  #at = { x: 0, y: 0, scale: 0 }; // of the plane within the view, CSS px
  #fitted = true;
  #pointers = new Map();
  #split = 50;
  #degree = 1;
  #hasAfter = false;
  #loupeAt = { x: 0, y: 0 };
  #shown = 0;
  #sources = [null, null];
  #natural = null; // the photo's own size, where a small copy stands for it

  connectedCallback() {
    if (this.#view) return;
    this.#range = h("input", { type: "range", class: "split", min: 0, max: 100, step: 1, value: "50", "aria-label": T.stage.split, on: { input: () => this.#divide(Number(this.#range.value)) } });
    this.#handle = h("div", { class: "handle" }, h("span", { class: "knob" }, h("span"), h("span")));
    this.#view = h("div", { class: "view", tabIndex: 0, role: "group", "aria-label": T.stage.view });
    this.#plane.append(this.#before, this.#after);
    this.#view.append(this.#plane, h("span", { class: "tag tag-before", text: T.stage.before }), h("span", { class: "tag tag-after", text: T.stage.after }), this.#range, this.#handle);
    this.#tools = h("div", { class: "stage-tools", role: "toolbar", "aria-label": T.stage.tools },
      holdButton(this),
      button({ glyph: ICONS.fit, label: T.stage.fit, class: "quiet", on: { click: () => this.fit() } }),
      h("button", { type: "button", class: "quiet zoom-level", title: T.stage.actual, "aria-label": T.stage.actual, on: { click: () => this.#actual() } }, "100 %"),
      button({ glyph: ICONS.zoom, label: T.stage.zoomIn, class: "quiet", on: { click: () => this.#zoom(STEP) } }),
      button({ glyph: ICONS.loupe, label: T.stage.loupe, class: "quiet loupe-switch", "aria-pressed": "false", on: { click: () => this.#toggleLoupe() } }),
      fullButton(this), keysButton(),
      h("span", { class: "layer-tools" }));
    this.append(this.#view, this.#tools);
    this.#listen();
    new ResizeObserver(() => (this.#fitted ? this.fit() : this.#place())).observe(this.#view);
  }

  /**
   * Show a photo, and perhaps what became of it.
   * @param {{before: string | HTMLCanvasElement | null, after?: string | HTMLCanvasElement | null, words?: string, natural?: {width: number, height: number} | null}} what
   */
  async show({ before, after = null, words = "", natural = null }) {
    const turn = ++this.#shown;
    const kept = before && before === this.#sources[0] && !this.#before.hidden; // it need not be decoded again
    const [first, second] = await Promise.all([kept ? this.#before : loaded(before, "before", words), loaded(after, "after", T.stage.result)]);
    if (turn !== this.#shown || !this.#view) return;
    this.#sources = [before, after];
    this.#natural = natural;
    const had = this.#size;
    this.#swap("before", first);
    this.#swap("after", second);
    this.#hasAfter = second !== null;
    const sizes = [first, second].filter(Boolean).map(sizeOf).concat(natural && first ? this.sourceSize : []);
    this.#size = sizes.reduce((a, b) => (b.width > a.width ? b : a), { width: 0, height: 0 });
    this.classList.toggle("compared", this.#hasAfter && first !== null);
    this.classList.toggle("unseen", before !== null && first === null && second === null);
    this.#range.disabled = !this.#hasAfter;
    const same = had.width && had.height && Math.abs(had.width / had.height - this.#size.width / this.#size.height) < 0.01;
    if (same && !this.#fitted) this.#place();
    else this.fit();
    this.dispatchEvent(new CustomEvent("shown", { detail: { seen: first !== null, result: second !== null } }));
  }

  #swap(kind, element) {
    const fresh = element ?? h("img", { class: kind, alt: "", hidden: true });
    fresh.classList.add(kind);
    const old = kind === "before" ? this.#before : this.#after;
    if (old !== fresh) old.replaceWith(fresh);
    if (kind === "before") this.#before = fresh;
    else this.#after = fresh;
  }

  /** How much of the result is blended in, 0..1: exactly what the server's own blend does, before it rounds. */
  set degree(value) {
    this.#degree = value;
    this.#divide(this.#split);
  }

  get degree() {
    return this.#degree;
  }

  get split() {
    return this.#split;
  }

  /** Pixels of the photo as it is shown. */
  get size() {
    return this.#size;
  }

  /** Pixels of the photo itself, before anything was done to it. */
  get sourceSize() {
    const seen = this.#before.hidden ? this.#size : sizeOf(this.#before);
    if (!this.#natural) return seen;
    const { width, height } = this.#natural; // as stored: perhaps before it was turned
    return (width > height) === (seen.width > seen.height) ? { width, height } : { width: height, height: width };
  }

  /** Put a layer over the photo; it gets the pointer while `grabs` is true. `null` takes it away. */
  set layer(layer) {
    this.#over?.remove();
    this.#over = layer;
    if (layer) this.#plane.append(layer);
    this.#view.classList.toggle("with-layer", Boolean(layer));
    if (layer?.help) this.#view.setAttribute("aria-description", layer.help);
    else this.#view.removeAttribute("aria-description");
    this.querySelector(".layer-tools").replaceChildren(...(layer?.tools ?? []));
  }

  get layer() {
    return this.#over;
  }

  /** Where on the photo a point of the window is, in pixels of the source. */
  toPhoto(clientX, clientY) {
    const box = this.#plane.getBoundingClientRect();
    const size = this.sourceSize;
    return { x: ((clientX - box.left) / box.width) * size.width, y: ((clientY - box.top) / box.height) * size.height };
  }

  /** CSS px of a pixel of the source. */
  get pixel() {
    return this.#plane.getBoundingClientRect().width / Math.max(1, this.sourceSize.width);
  }

  hold(holding) {
    this.classList.toggle("holding", holding);
  }

  fit() {
    const box = this.#view.getBoundingClientRect();
    const { width, height } = this.#size;
    if (!width || !box.width) return;
    const scale = Math.min(box.width / width, box.height / height, Math.max(1, MOST));
    this.#at = { scale, x: (box.width - width * scale) / 2, y: (box.height - height * scale) / 2 };
    this.#fitted = true;
    this.#place();
  }

  #actual() {
    this.#zoomTo(1 / window.devicePixelRatio);
  }

  #zoom(factor, at) {
    this.#zoomTo(this.#at.scale * factor, at);
  }

  #zoomTo(scale, at = null) {
    const box = this.#view.getBoundingClientRect();
    const centre = at ?? { x: box.width / 2, y: box.height / 2 };
    const least = Math.min(box.width / this.#size.width, box.height / this.#size.height) / 2;
    const bounded = Math.min(Math.max(scale, least), MOST);
    const ratio = bounded / this.#at.scale;
    this.#at = { scale: bounded, x: centre.x - (centre.x - this.#at.x) * ratio, y: centre.y - (centre.y - this.#at.y) * ratio };
    this.#fitted = false;
    this.#place();
  }

  #move(dx, dy) {
    this.#at.x += dx;
    this.#at.y += dy;
    this.#fitted = false;
    this.#place();
  }

  #place() {
    const box = this.#view.getBoundingClientRect();
    const { width, height } = this.#size;
    const bounded = (at, length, room) => (length <= room ? (room - length) / 2 : Math.min(room / 2, Math.max(at, room / 2 - length)));
    if (!this.#fitted) {
      this.#at.x = bounded(this.#at.x, width * this.#at.scale, box.width);
      this.#at.y = bounded(this.#at.y, height * this.#at.scale, box.height);
    }
    const { x, y, scale } = this.#at;
    Object.assign(this.#plane.style, { width: `${width}px`, height: `${height}px`, transform: `translate(${x}px, ${y}px) scale(${scale})` });
    this.#plane.classList.toggle("pixelated", scale * window.devicePixelRatio >= 3);
    this.#tools.querySelector(".zoom-level").textContent = `${Math.round(scale * window.devicePixelRatio * 100)} %`;
    this.#divide(this.#split);
    this.dispatchEvent(new Event("placed"));
  }

  #divide(split) {
    this.#split = split;
    if (!this.#view) return; // not in the page yet
    this.#range.value = String(split);
    this.#range.setAttribute("aria-valuetext", T.stage.splitAt(Math.round(split)));
    const box = this.#view.getBoundingClientRect();
    const across = box.width * (split / 100);
    this.#handle.style.transform = `translateX(${across}px)`;
    const share = ((across - this.#at.x) / (this.#size.width * this.#at.scale)) * 100;
    const left = Math.min(100, Math.max(0, share));
    this.#after.style.clipPath = `inset(0 0 0 ${left}%)`;
    this.#after.style.opacity = String(this.#degree);
    // What is clear in the result shall not show the photo below it, unless both are blended.
    this.#before.style.clipPath = this.#hasAfter && this.#degree === 1 ? `inset(0 ${100 - left}% 0 0)` : "none";
  }

  #listen() {
    const view = this.#view;
    const local = (event) => {
      const box = view.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    view.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.shiftKey) this.#move(-event.deltaY, 0);
      else this.#zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0018)), local(event));
    }, { passive: false });
    view.addEventListener("pointerdown", (event) => {
      if (event.button > 1 || event.target === this.#range) return;
      this.#pointers.set(event.pointerId, local(event));
      view.setPointerCapture(event.pointerId);
      if (this.#pointers.size === 2) this.#over?.abandon?.();
      if (this.#onHandle(event)) this.dataset.drag = "split";
      else if (this.#over?.grabs && event.button === 0 && this.#pointers.size === 1 && !event.getModifierState?.(" ")) {
        this.dataset.drag = "layer";
        this.#over.press(this.toPhoto(event.clientX, event.clientY), event);
      } else this.dataset.drag = "pan";
      view.focus({ preventScroll: true });
      if (event.pointerType === "mouse") event.preventDefault();
    });
    view.addEventListener("pointermove", (event) => {
      const now = local(event);
      if (this.#loupe) this.#lookAt(now);
      this.#over?.hover?.(this.toPhoto(event.clientX, event.clientY), event);
      const last = this.#pointers.get(event.pointerId);
      if (!last) return;
      if (this.#pointers.size === 2) this.#pinch(event.pointerId, now);
      else if (this.dataset.drag === "split") this.#divide(Math.min(100, Math.max(0, (now.x / view.clientWidth) * 100)));
      else if (this.dataset.drag === "layer") this.#over?.drag(this.toPhoto(event.clientX, event.clientY), event);
      else if (!this.#fitted || event.button === 1) this.#move(now.x - last.x, now.y - last.y);
      this.#pointers.set(event.pointerId, now);
    });
    const up = (event) => {
      if (!this.#pointers.delete(event.pointerId)) return;
      if (this.dataset.drag === "layer") this.#over?.release?.(this.toPhoto(event.clientX, event.clientY), event);
      if (!this.#pointers.size) delete this.dataset.drag;
    };
    view.addEventListener("pointerup", up);
    view.addEventListener("pointercancel", up);
    view.addEventListener("dblclick", (event) => this.#over?.grabs || (this.#fitted ? this.#zoomTo(1 / window.devicePixelRatio, local(event)) : this.fit()));
    view.addEventListener("keydown", (event) => this.#key(event));
    view.addEventListener("keyup", (event) => event.key.toLowerCase() === "c" && this.hold(false));
  }

  #onHandle(event) {
    if (!this.classList.contains("compared")) return false;
    const x = event.clientX - this.#view.getBoundingClientRect().left;
    return Math.abs(x - (this.#view.clientWidth * this.#split) / 100) < (event.pointerType === "touch" ? 24 : 14);
  }

  #pinch(moved, now) {
    const [a, b] = [...this.#pointers.entries()].map(([id, at]) => [at, id === moved ? now : at]);
    const apart = (p, q) => Math.hypot(p.x - q.x, p.y - q.y);
    const middle = (p, q) => ({ x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 });
    const before = middle(a[0], b[0]), after = middle(a[1], b[1]);
    this.#move(after.x - before.x, after.y - before.y);
    this.#zoom(apart(a[1], b[1]) / Math.max(1, apart(a[0], b[0])), after);
  }

  #key(event) {
    if (event.target !== this.#view || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#over?.key?.(event)) return event.preventDefault();
    const far = event.shiftKey ? 96 : 24;
    const moves = { ArrowLeft: [far, 0], ArrowRight: [-far, 0], ArrowUp: [0, far], ArrowDown: [0, -far] };
    const move = moves[event.key];
    if (move && this.#loupe) this.#lookAt({ x: this.#loupeAt.x - move[0], y: this.#loupeAt.y - move[1] });
    else if (move && !this.#fitted) this.#move(move[0], move[1]);
    else if (move && (event.key === "ArrowLeft" || event.key === "ArrowRight")) this.#divide(Math.min(100, Math.max(0, this.#split - Math.sign(move[0]) * (event.shiftKey ? 10 : 2))));
    else if (event.key === "+" || event.key === "=") this.#zoom(STEP);
    else if (event.key === "-") this.#zoom(1 / STEP);
    else if (event.key === "0") this.fit();
    else if (event.key === "1") this.#actual();
    else if (event.key.toLowerCase() === "c") this.hold(true);
    else if (event.key.toLowerCase() === "l") this.#toggleLoupe();
    else if (event.key.toLowerCase() === "f") fullScreen(this);
    else return;
    event.preventDefault();
  }

  // -- loupe ---------------------------------------------------------------------------------------------------------

  #toggleLoupe() {
    const on = !this.#loupe;
    this.querySelector(".loupe-switch").setAttribute("aria-pressed", String(on));
    if (!on) {
      this.#loupe.remove();
      this.#loupe = null;
      return;
    }
    const glass = () => h("canvas", { width: LOUPE * window.devicePixelRatio, height: LOUPE * window.devicePixelRatio });
    this.#loupe = h("div", { class: "loupe", "aria-hidden": "true" }, glass(), glass());
    this.#view.append(this.#loupe);
    this.#lookAt({ x: this.#view.clientWidth / 2, y: this.#view.clientHeight / 2 });
  }

  #lookAt(at) {
    this.#loupeAt = at;
    const box = this.#view.getBoundingClientRect();
    const share = { x: (at.x - this.#at.x) / (this.#size.width * this.#at.scale), y: (at.y - this.#at.y) / (this.#size.height * this.#at.scale) };
    const [one, other] = this.#loupe.children;
    [[one, this.#before, 1], [other, this.#after, this.#degree]].forEach(([canvas, source, alpha]) => {
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, canvas.width, canvas.height);
      canvas.hidden = source.hidden;
      if (source.hidden) return;
      const size = sizeOf(source);
      // A pixel of the larger picture is a pixel of the screen, or four where both are small.
      const zoom = (this.#size.width / size.width) * (this.#size.width < 900 ? 2 : 1);
      const side = canvas.width / zoom;
      context.imageSmoothingEnabled = zoom > 1 && size.width < this.#size.width;
      const from = [share.x * size.width - side / 2, share.y * size.height - side / 2, side, side];
      if (alpha < 1 && !this.#before.hidden) context.drawImage(this.#before, ...from, 0, 0, canvas.width, canvas.height);
      context.globalAlpha = alpha;
      context.drawImage(source, ...from, 0, 0, canvas.width, canvas.height);
      context.globalAlpha = 1;
    });
    const wide = this.#hasAfter ? LOUPE * 2 : LOUPE;
    this.#loupe.style.transform = `translate(${Math.min(Math.max(at.x - wide / 2, 0), Math.max(0, box.width - wide))}px, ${Math.min(Math.max(at.y - LOUPE - 28, 0), box.height - LOUPE)}px)`;
  }
}

const sizeOf = (element) => ({ width: element.naturalWidth ?? element.width, height: element.naturalHeight ?? element.height });

/** An element that shows a picture, when it can; null where there is none, or the browser cannot show its format. */
async function loaded(source, kind, words) {
  if (!source) return null;
  if (source instanceof HTMLCanvasElement) return source;
  const image = h("img", { class: kind, alt: words, draggable: false, src: source });
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}

customElements.define("photo-stage", PhotoStage);
