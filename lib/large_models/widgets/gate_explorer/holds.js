// GateExplorer's gates to hold: at 0, at 1, or free; of all units or of the chosen one.
import { h, segmented, t } from "../kit/mod.js";

/** {node, show()}. names: [[letter, name], ...]; unit() is the chosen one, null if there is none yet. */
export function gateHolds(ctx, names, unit) {
  const { get } = ctx;
  let everywhere = true;
  const scope = segmented(t("of", "范围"), [[true, t("all units", "所有单元")], [false, t("this unit", "此单元")]], (value) => {
    everywhere = value;
    show();
  }, { hideLabel: true });
  const clampOf = (gate) => {
    const { all = null, [unit()]: one } = get("clamps")[gate] ?? {};
    return (everywhere || one === undefined ? all : one) ?? "own";
  };
  function hold(gate, value) {
    if (unit() === null) return;
    const wanted = value === "own" ? null : value;
    const { [gate]: units = {}, ...clamps } = get("clamps");
    const all = units.all ?? null;
    let next = wanted === null ? {} : { all: wanted };
    if (!everywhere) {
      const { [unit()]: _, ...others } = units;
      next = wanted === all ? others : { ...others, [unit()]: wanted };
    }
    ctx.sync({ clamps: Object.keys(next).length ? { ...clamps, [gate]: next } : clamps });
  }
  const gates = names.map(([gate, name]) => ({
    gate, ...segmented(name, [["own", t("own", "自身")], [0, "0"], [1, "1"]], (value) => hold(gate, value)),
  }));
  const release = h("button", { type: "button", class: "lw-button", onclick: () => ctx.sync({ clamps: {} }) }, t("release all gates", "放开所有门"));
  const heldText = h("p", { class: "ge-held lw-quiet" });
  function show() {
    scope.set(everywhere);
    if (unit() === null) return;
    for (const control of gates) control.set(clampOf(control.gate));
    const list = Object.entries(get("clamps")).flatMap(([gate, units]) => Object.entries(units).map(([which, value]) => (
      `${gate}${which === "all" ? "" : t(` of unit ${which}`, `（单元 ${which}）`)} = ${value ?? t("own", "自身")}`)));
    heldText.textContent = list.length ? t(`held: ${list.join(", ")}`, `固定：${list.join("，")}`) : t("no gate is held", "没有固定任何门");
  }

  const node = h("div", { class: "ge-hold", role: "group", "aria-label": t("hold a gate", "固定一个门") },
    h("div", { class: "ge-title" }, t("Hold a gate at", "把门固定为")), scope.node, gates.map((gate) => gate.node), release, heldText);
  return { node, show };
}
