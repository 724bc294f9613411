// What BertLive shows beside the panel.
import { t } from "../kit/language.js";

/** The libraries, the most probable one first: rows of a name and a share. */
export function librariesView(labels, probabilities) {
  return labels.map((name, i) => ({ name, share: probabilities[i] })).sort((a, b) => b.share - a.share);
}

/** What the BERT is. */
export function about({ parameters }) {
  return t(
    `A BERT of ${(parameters / 1e6).toFixed(2)} million parameters that has read the documentation of eight Python libraries and nothing else. Your text stays in this page.`,
    `一个有 ${Math.round(parameters / 1e4)} 万参数的 BERT，只读过八个 Python 库的文档。您输入的文字不会离开本页。`);
}
