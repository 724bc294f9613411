// GateExplorer's gates to hold: at 0, at 1, or free; of all units or of the chosen one.
import { heldText, holdOf, withHold } from "./input_model.js";
import { h, segmented, t } from "../kit/mod.js";

/** {node, show()}. names: [[letter, name], ...]; unit() is the chosen one. */
export function holdsPart(ctx, names, unit) {
  const clamps = () => ctx.get("clamps");
  let everywhere = true;
  const scope = segmented(t("of", "范围"), [
    [true, t("all units", "所有单元")], [false, t("this unit", "此单元")],
  ], (value) => {
    everywhere = value;
    show();
  }, { hideLabel: true });
  const gates = names.map(([gate, name]) => ({
    gate, ...segmented(name, [["own", t("own", "自身")], [0, "0"], [1, "1"]], (value) => {
      ctx.sync({ clamps: withHold(clamps(), gate, value, unit(), everywhere) });
    }),
  }));
  const release = h("button", { type: "button", class: "lw-button", onclick: () => ctx.sync({ clamps: {} }) },
    t("release all gates", "放开所有门"));
  const held = h("p", { class: "ge-held lw-quiet" });
  function show() {
    scope.set(everywhere);
    for (const control of gates) control.set(holdOf(clamps(), control.gate, unit(), everywhere));
    held.textContent = heldText(clamps());
  }
  const node = h("div", { class: "ge-hold", role: "group", "aria-label": t("hold a gate", "固定一个门") },
    h("div", { class: "ge-title" }, t("Hold a gate at", "把门固定为")),
    scope.node, gates.map((gate) => gate.node), release, held);
  return { node, show };
}
