// What attention by hand says of its numbers: how one is made, where a word looks, how spread out.
import { h, t } from "../kit/mod.js";

/** The class of a colour's name: in, learned, out, query, key, value, text; or of a term. */
export function classOf(kind) {
  if (!kind) return null;
  return ["in", "learned", "out"].includes(kind) ? `lw-${kind}` : `ax-${kind}`;
}

/** Nodes of what steps.js writes. */
const nodesOf = (parts) => parts.map((part) => (typeof part === "string" ? part
  : h(part.tag, { class: classOf(part.kind) }, nodesOf(part.content))));

/** How the number under the mouse, or the chosen one, is made. */
export function howPart() {
  const node = h("div", { class: "ax-how" });
  return {
    node,
    show({ title, lines }) {
      node.replaceChildren(h("p", { class: "ax-how-title" }, nodesOf(title)),
        ...lines.map(({ label, content, on, stage }) => (
          h("p", { class: `${stage ? "ax-step" : ""} ${on ? "ax-on" : ""}` },
            h("span", { class: "lw-label" }, label), h("span", {}, nodesOf(content))))));
    },
  };
}

/** Where the chosen word looks, beside its numbers: on a phone the weights are far below. */
export function foundPart() {
  const node = h("p", { class: "ax-found", "aria-hidden": "true" });
  return {
    node,
    show({ asks, words }) {
      node.replaceChildren(h("span", {}, h("b", { class: "ax-query" }, asks), t(" looks at", " 看")),
        ...words.map(({ text, weight, share }) => h("span", { class: "ax-share", style: { "--share": `${share}%` } },
          text, " ", h("b", {}, weight))));
    },
  };
}

/** The entropy of each word's weights. */
export function entropyPart() {
  const list = h("div", { class: "ax-entropy-list", role: "img" });
  const scale = h("span", { class: "lw-quiet" });
  const node = h("div", { class: "ax-matrix ax-entropy" },
    h("div", { class: "ax-title" }, h("b", {}, t("Entropy", "熵")), " ", scale), h("div", { class: "ax-heads" }), list);
  return {
    node,
    show({ note, label, rows }) {
      scale.textContent = note;
      list.replaceChildren(...rows.map(({ text, title, share }) => (
        h("span", { class: "ax-bits", title, style: { "--part": `${share}%` } }, text))));
      list.setAttribute("aria-label", label);
    },
  };
}
