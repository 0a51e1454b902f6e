// The tools of this server, by name, for whoever needs more than its own page.

/** @type {any[]} */
let effects = [];

/** Keep them, in the order in which they are shown. */
export function keepTools(found) {
  effects = found;
}

export const tools = () => effects;
export const toolOf = (name) => effects.find((effect) => effect.name === name) ?? null;

/** What the address names: a tool, or another page, and its settings. */
export const addressed = () => {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: path || "migrate", query };
};

/** What an effect works on: a `photo`, a `clip`, or `nothing`, where it makes a picture by itself. */
export const worksOn = ({ inputs }) => (!inputs.length || !inputs[0].required ? "nothing" : inputs[0].clip ? "clip" : "photo");
