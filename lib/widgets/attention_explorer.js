// Attention by hand, or a model's maps. Python's side, and what each trait means:
// attention_explorer.py.
import { buildByHand } from "./attention_by_hand.js";
import { mount } from "./ui.js";

function render(host) {
  return mount(host, "attention-explorer", (ctx) => {
    ctx.root.dataset.mode = ctx.get("mode");
    return buildByHand(ctx);
  });
}

export default { render };
