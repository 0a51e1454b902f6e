// What the server would refuse though each value is allowed by itself: said beside the button, before it is pressed.
// An effect that is not named here has no such rule, or the server's own sentence has to do.

import { T } from "./texts.js";

const WAYS = ["colors", "scene", "prompt"]; // of another background, beside a backdrop

const RULES = {
  swap: (get) => (get("consent") ? null : T.effect.unmet.consent),
  makeup: (get, has) => {
    if (has("reference") && get("look")) return T.effect.unmet.makeupBoth;
    return has("reference") || get("look") ? null : T.effect.unmet.makeup;
  },
  background: (get, has) => {
    if (get("mode") !== "change") return null;
    const ways = WAYS.filter((name) => get(name)?.length).length + Number(has("backdrop"));
    return ways > 1 ? T.effect.unmet.backdropBoth : ways ? null : T.effect.unmet.backdrop;
  },
  replace: (get, has) => {
    const by = get("by") ?? (get("prompt") ? "prompt" : "object");
    if (by === "color") return get("color") ? null : T.effect.unmet.color;
    if (by === "prompt") return get("prompt") ? null : T.effect.unmet.prompt;
    return has("reference") ? null : T.effect.unmet.object;
  },
};

/**
 * Why an order of an effect would be refused; null where nothing is known against it.
 * @param {{name: string}} effect
 * @param {(name: string) => any} get a parameter
 * @param {(input: string) => boolean} has whether a further photo was given
 * @returns {string | null}
 */
export const unmet = (effect, get, has) => RULES[effect.name]?.(get, has) ?? null;
