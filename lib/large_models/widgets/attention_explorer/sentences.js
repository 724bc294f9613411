// AttentionExplorer's model mode: a model's maps over a few sentences. What is shown is in the traits.
import { attentionMaps } from "./maps.js";
import { sentenceOf, titleOf } from "./maps_model.js";
import { bytesOf, h, select, t } from "../kit/mod.js";

const SETTINGS = ["layer", "head", "compare", "view", "query"];

export function buildSentences(ctx) {
  const { root, get } = ctx;
  const entries = () => get("_tokens").map((list, i) => [i, titleOf(list)]);
  const sentences = select(t("Sentence", "句子"), entries(), (value) => {
    const sentence = Number(value);
    ctx.sync({ sentence, query: Math.min(get("query"), get("_tokens")[sentence].length - 1) });
  });
  const maps = attentionMaps(ctx, { control: sentences.node, pick: (settings) => ctx.sync(settings) });
  const hint = h("span");
  root.append(h("p", { class: "lw-try ax-try" }, h("b", {}, t("Try first: ", "先试试：")), hint), maps.node);

  function show() {
    const [tokens, heads] = [get("_tokens"), get("_heads")];
    const { sentence, ...its } = sentenceOf({ tokens, heads, maps: bytesOf(get("_maps")), sentence: get("sentence") });
    const settings = Object.fromEntries(SETTINGS.map((key) => [key, get(key)]));
    sentences.set(sentence);
    hint.textContent = heads[0] * heads[1] < 2 ? t("choose another word and see where it looks.", "换一个词，看它在看哪里。")
      : t("choose a word and see where it looks, then another head.", "选一个词，看它在看哪里，再换一个注意力头。");
    maps.show({ ...settings, ...its, heads, room: tokens });
  }
  ctx.watch("sentence", () => maps.forget());
  ctx.watch([...SETTINGS, "sentence"], show);
  ctx.watch(["_tokens", "_maps", "_heads"], ctx.redraw(() => { sentences.fill(entries()); show(); }));
  show();
}
