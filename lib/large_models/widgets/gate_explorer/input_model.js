// What GateExplorer's reader changes of the input and of the gates, as plain data.
import { LETTERS, STEPS } from "../engine/gate_network.js";
import { t } from "../kit/language.js";

const LONGEST = 64; // characters of a text

/** The steps between which a mark can be moved: marks do not pass each other. */
function roomOf(markers, which) {
  return which ? [markers[0] + 1, STEPS - 1] : [0, markers[1] - 1];
}

/** The marked steps, one of them moved as near to a step as it can be. */
export function movedMark(markers, which, step) {
  const [from, to] = roomOf(markers, which);
  return markers.map((old, i) => (i === which ? Math.max(from, Math.min(to, step)) : old));
}

/** The step under a point of the rail, 0 to 1 from the left. */
export function stepUnder(u) {
  return Math.floor(u * STEPS);
}

export function markNames() {
  return [t("first mark", "第一个标记"), t("second mark", "第二个标记")];
}

/** Both marks: [{at: share of the width, least, most, step, told, before: of its value}, ...]. */
export function marksOf({ markers }) {
  return markers.map((step, which) => {
    const [least, most] = roomOf(markers, which);
    return {
      at: (step + 0.5) / STEPS, least, most, step,
      told: t(`step ${step}`, `第 ${step} 步`), before: t(`step ${step}:`, `第 ${step} 步：`),
    };
  });
}

/** The numbers, that of a marked step changed. */
export function withValue({ values, markers }, which, value) {
  return values.map((old, s) => (s === markers[which] ? value : old));
}

/** Why the networks cannot read a text; "" if they can. */
export function troubleWith(text) {
  const strange = Array.from(text).find((c) => !LETTERS.includes(c));
  if (!text) {
    return t("The network needs at least one character; the last text still counts.", "至少需要一个字符；仍用之前的文本。");
  }
  if (strange) {
    return t(
      `“${strange}” is not among the network's 96 characters (ASCII); the last text still counts.`,
      `“${strange}”不在网络的 96 个字符（ASCII）之中；仍用之前的文本。`);
  }
  if (text.length <= LONGEST) return "";
  return t(
    `At most ${LONGEST} characters, not ${text.length}; the last text still counts.`,
    `最多 ${LONGEST} 个字符，这里有 ${text.length} 个；仍用之前的文本。`);
}

// --- gates that are held: {gate: {"all" or a unit: 0, 1 or null}} -----------------------------------

/** Where a gate stands: 0, 1 or "own"; of all units, or of one. */
export function holdOf(clamps, gate, unit, everywhere) {
  const { all = null, [unit]: one } = clamps[gate] ?? {};
  return (everywhere || one === undefined ? all : one) ?? "own";
}

/** The clamps with a gate put at 0, 1 or "own"; what says nothing of its own is not kept. */
export function withHold(clamps, gate, value, unit, everywhere) {
  const wanted = value === "own" ? null : value;
  const { [gate]: units = {}, ...rest } = clamps;
  let next = wanted === null ? {} : { all: wanted };
  if (!everywhere) {
    const { [unit]: _, ...others } = units;
    next = wanted === (units.all ?? null) ? others : { ...others, [unit]: wanted };
  }
  return Object.keys(next).length ? { ...rest, [gate]: next } : rest;
}

/** Which gates are held, in words. */
export function heldText(clamps) {
  const list = Object.entries(clamps).flatMap(([gate, units]) => Object.entries(units).map(([which, value]) => {
    const whose = which === "all" ? "" : t(` of unit ${which}`, `（单元 ${which}）`);
    return `${gate}${whose} = ${value ?? t("own", "自身")}`;
  }));
  return list.length ? t(`held: ${list.join(", ")}`, `固定：${list.join("，")}`) : t("no gate is held", "没有固定任何门");
}
