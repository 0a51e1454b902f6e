// The same order as a command line, with curl, and in Python: to copy.

import { button, h } from "./dom.js";
import { T } from "./texts.js";

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** @param {{effect: string, params: any, inputs: Record<string, string>, format: string | null, name: string}} order */
export function snippets({ effect, params, inputs, format, name }) {
  const clip = effect.startsWith("video_");
  const first = "image" in inputs;
  const others = Object.entries(inputs).filter(([key]) => key !== "image");
  const files = Object.fromEntries([...(first ? [["image", name]] : []), ...others.map(([key]) => [key, `${key}.png`])]);
  const wire = JSON.stringify({ effect, ...(Object.keys(params).length ? { params } : {}), ...(format ? { format } : {}) });
  const curl = [
    `curl -s -H "Authorization: Bearer $TINCT_KEY" ${location.origin}/v1/jobs`,
    ...[["order", wire], ...Object.entries(files).map(([key, file]) => [key, `@${file}`])].map(([key, value]) => `  -F ${quote(`${key}=${value}`)}`),
  ].join(" \\\n");
  const given = [
    ...(first ? [JSON.stringify(name)] : []),
    ...others.map(([key, ids]) => `${key}=${Array.isArray(ids) ? `["${key}.jpg"]` : `"${key}.jpg"`}`),
    ...Object.entries(params).map(([key, value]) => `${key}=${literal(value)}`),
  ].join(", ");
  const python = [
    "import tinct",
    "",
    `made = tinct.${clip ? effect.replace("video_", "video.") : effect}(${given})`,
    clip ? 'made.clip.save("out.mp4")' : `made.photo.save(${JSON.stringify(`out.${format ?? "png"}`)})`,
  ].join("\n");
  const options = Object.entries(params).map(([key, value]) => option(key, value)).concat(others.map(([key]) => `--${key} ${key}.jpg`));
  const command = [`tinct ${clip ? effect.replace("video_", "video ") : effect === "detect_faces" ? "faces" : effect}`, first ? quote(name) : "", ...options, "-o out"].filter(Boolean).join(" ");
  return { curl, python, command };
}

function literal(value) {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null) return "None";
  return JSON.stringify(value);
}

function option(key, value) {
  const flag = `--${key.replaceAll("_", "-")}`;
  if (value === true) return flag;
  if (value === false) return `--no-${key.replaceAll("_", "-")}`;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return `${flag} ${quote(value.join(","))}`;
  if (typeof value === "object") return `${flag} ${quote(JSON.stringify(value))}`;
  return `${flag} ${typeof value === "string" && /[^\w.-]/.test(value) ? quote(value) : value}`;
}

/** Show them in a dialog. */
export function share(order) {
  const parts = Object.entries(snippets(order)).map(([kind, text]) => h("section", {},
    h("div", { class: "row" }, h("h3", { text: T.share[kind] }), button({ words: T.share.copy, on: { click: async (event) => {
      const said = event.currentTarget.querySelector("span");
      try {
        await navigator.clipboard.writeText(text);
        said.textContent = T.share.copied;
      } catch {
        said.textContent = T.share.byHand;
      }
    } } })),
    h("pre", { tabIndex: 0, text })));
  const dialog = h("dialog", { class: "share", "aria-label": T.share.title }, h("h2", { text: T.share.title }), ...parts, h("div", { class: "actions" }, button({ words: T.close, class: "primary", on: { click: () => dialog.close() } })));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
