// How one number comes about: a sentence, its pictures, and the marks on the maps that it is made of.
import { h, legend } from "../kit/mod.js";
import { frame } from "./parts.js";

/** {node, show(story)}; frames: where a story's marks are drawn, {name: [frame, ...]}. */
export function howPart(frames, most) {
  const title = h("div", { class: "cl-title" });
  const text = h("p", { class: "cl-story" });
  const three = [frame("cl-large"), frame("cl-large"), frame("cl-large")];
  const threeNode = h("div", { class: "cl-three" },
    three[0].node, h("span", {}, "×"), three[1].node, h("span", {}, "="), three[2].node);
  const shares = Array.from({ length: most }, () => {
    const [above, below, said] = [frame("cl-part"), frame("cl-part"), h("span", {})];
    return { above, below, said, node: h("div", { class: "cl-share" }, above.node, below.node, said) };
  });
  const sharesNode = h("div", { class: "cl-shares" }, shares.map(({ node }) => node));
  const [strip, scale] = [frame("cl-strip"), legend()];
  const stripNode = h("div", { class: "cl-strips" }, strip.node, scale.node);
  const panels = h("div", { class: "cl-panels", "aria-hidden": "true" }, threeNode, sharesNode, stripNode);
  let marked = [];

  function showShares(view) {
    sharesNode.hidden = !view.length;
    sharesNode.classList.toggle("cl-halves", view.every(({ below }) => !below));
    shares.forEach(({ node, above, below, said }, c) => {
      node.hidden = !view[c];
      if (node.hidden) return;
      above.draw(view[c].above);
      below.node.hidden = !view[c].below;
      if (view[c].below) below.draw(view[c].below);
      said.textContent = view[c].text;
    });
  }
  return {
    node: h("div", { class: "cl-how" }, title, text, panels),
    show(story) {
      for (const each of marked) each.mark(null);
      marked = story.marks.map((place) => {
        const where = frames[place.picture][place.channel];
        where.mark(place);
        return where;
      });
      title.textContent = story.title;
      text.replaceChildren(...story.text.map(([quantity, words]) => (
        quantity ? h("b", { class: `lw-${quantity}` }, words) : words)));
      threeNode.hidden = !story.three.length;
      threeNode.classList.toggle("cl-one", story.three.length === 1);
      story.three.forEach((picture, n) => three[n].draw(picture));
      showShares(story.shares);
      stripNode.hidden = !story.strip;
      if (!story.strip) return;
      strip.draw(story.strip);
      scale.update({ ...story.strip, labels: story.ends });
    },
  };
}
