// Signing in: a key is pasted once, and a cookie that no script can read stands for it.

import { signIn } from "./api.js";
import { button, h, uid } from "./dom.js";
import { T } from "./texts.js";

let open = null;

/** Ask for a key until one is good. `why` says what ended the last session. */
export function ask(why = "") {
  if (open) return;
  const id = uid("key");
  const problem = h("p", { class: "problem", role: "alert", text: why });
  const field = h("input", { type: "password", id, name: "key", required: true, autocomplete: "current-password", spellcheck: false, placeholder: "tnct_…" });
  const go = button({ words: T.signin.go, class: "primary", type: "submit" });
  const form = h("form", { on: { submit: async (event) => {
    event.preventDefault();
    go.disabled = true;
    problem.textContent = "";
    try {
      await signIn({ key: field.value.trim() });
      open.close();
    } catch (error) {
      problem.textContent = error.message;
      field.select();
    }
    go.disabled = false;
  } } }, h("h2", { text: T.signin.title }), h("p", { text: T.signin.why }), h("label", { htmlFor: id, text: T.signin.key }), field, problem, h("div", { class: "actions" }, go), h("p", { class: "help", text: T.signin.where }));
  open = h("dialog", { class: "signin", "aria-label": T.signin.title }, form);
  open.addEventListener("cancel", (event) => event.preventDefault());
  open.addEventListener("close", () => {
    open.remove();
    open = null;
  });
  document.body.append(open);
  open.showModal();
}
