// Files that a widget fetches when the reader wants them: what is said meanwhile, and "Try again".
import { loadAsset } from "./assets.js";
import { h } from "./elements.js";
import { t } from "./language.js";

/** A line that says how loading goes: {node, tell(text), wake(), failed(), busy()}.
 *
 *  names(): the assets; say: what is said while they load ("Loading the model, 2 MB …");
 *  ready(parts) takes their bytes. `wake()` loads unless it is loading already; what goes wrong is
 *  told with a button to try again. */
export function loading(ctx, { names, say, ready }) {
  const node = h("p", { class: "lw-message", role: "status" });
  let asked = null; // the names that are on their way
  let wrong = false;
  let ended = false;
  ctx.onCleanup(() => { ended = true; });

  function tell(text, failed = false) {
    wrong = failed;
    node.classList.toggle("lw-failed", failed);
    node.replaceChildren(text, ...(failed
      ? [" ", h("button", { type: "button", class: "lw-button", onclick: wake }, t("Try again", "再试一次"))] : []));
  }
  const wake = ctx.guard(async () => {
    const wanted = names();
    if (asked !== null && asked.join() === wanted.join()) return;
    asked = wanted;
    tell(say());
    try {
      const parts = await Promise.all(wanted.map((name) => loadAsset(ctx.model, name)));
      if (ended || asked !== wanted) return; // the reader wants something else by now
      await ready(parts);
      tell("");
    } catch (error) {
      if (!ended && asked === wanted) tell(String(error?.message ?? error), true);
    } finally {
      if (asked === wanted) asked = null;
    }
  });
  return { node, tell, wake, failed: () => wrong, busy: () => asked !== null };
}
