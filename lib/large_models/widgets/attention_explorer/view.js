// Attention by hand, or a model's maps. Python's side, and what each trait means:
// __init__.py.
import { buildByHand } from "./by_hand.js";
import { buildSentences } from "./sentences.js";
import { mount } from "../kit/mod.js";

function render(host) {
  const { model } = host;
  const show = () => mount(host, "attention-explorer", (ctx) => {
    ctx.root.dataset.mode = ctx.get("mode");
    return ctx.get("mode") === "model" ? buildSentences(ctx) : buildByHand(ctx);
  });
  let end = show();
  const again = () => { end(); end = show(); };
  model.on("change:mode", again);
  return () => { model.off("change:mode", again); end(); };
}

export default { render };
