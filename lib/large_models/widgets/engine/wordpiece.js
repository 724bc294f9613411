// WordPiece in the page: what Hugging Face `tokenizers` does with a BERT's tokenizer.json such as
// data/tokenizer.py's train_wordpiece writes (equal on a fuzzed set: tests/js/test_wordpiece.py).
//
// A text is cut at the special tokens, cleaned, spaced around Chinese characters, stripped of its
// accents, put in lower case and split at spaces and signs; each word is then the longest pieces
// that the vocabulary has, or [UNK]. Source: Devlin et al. 2019, section 3; Wu et al. 2016.

const WORDPIECE_SPACE = /[\t\n\r\p{White_Space}]/u;
const WORDPIECE_CONTROL = /[\p{Cc}\p{Cf}\p{Co}]/u;
const WORDPIECE_SIGN = /[!-/:-@[-`{-~\p{P}]/u;
const WORDPIECE_CHINESE = [
  [0x4e00, 0x9fff],
  [0x3400, 0x4dbf],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b73f],
  [0x2b740, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0xf900, 0xfaff],
  [0x2f800, 0x2fa1f],
];
const WORDPIECE_LONGEST = 100; // characters of a word; longer ones are unknown

/** {encode, textOf, idOf, size} of a tokenizer.json, given as the object that it holds.
 *  Throws an Error if it is of another kind.
 * @param {any} json
 */
export function wordpieceTokenizer(json) {
  const { model, normalizer, pre_tokenizer: splitter, added_tokens: added = [] } = json ?? {};
  const plain = normalizer?.type === "BertNormalizer" && normalizer.lowercase &&
    normalizer.clean_text &&
    normalizer.handle_chinese_chars && normalizer.strip_accents !== false;
  if (model?.type !== "WordPiece" || !plain || splitter?.type !== "BertPreTokenizer") {
    throw new Error(
      "expected a tokenizer.json of WordPiece, in lower case, with BERT's normalizer",
    );
  }
  /** @type {Map<string, number>} */
  const ids = new Map(Object.entries(model.vocab));
  /** @type {{ content: string, id: number }[]} */
  const listed = added;
  const special = new Map(listed.map(({ content, id }) => [content, id]));
  /** @type {string[]} */
  const tokens = [];
  for (const [token, id] of [...ids, ...special]) tokens[id] = token;
  const names = [...special.keys()].sort((a, b) => b.length - a.length).map((name) =>
    name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
  );
  const cut = names.length ? new RegExp(`(${names.join("|")})`, "u") : /(?!)/u;
  const unknown = ids.get(model.unk_token);
  const prefix = model.continuing_subword_prefix ?? "##";
  const longest = model.max_input_chars_per_word ?? WORDPIECE_LONGEST;

  /**
   * @param {string} word
   * @returns {(number | undefined)[]}
   */
  function pieces(word) {
    const letters = [...word];
    if (letters.length > longest) return [unknown];
    const found = [];
    for (let start = 0; start < letters.length;) {
      let end = letters.length;
      let id;
      for (; end > start; end--) {
        id = ids.get((start ? prefix : "") + letters.slice(start, end).join(""));
        if (id !== undefined) break;
      }
      if (id === undefined) return [unknown];
      found.push(id);
      start = end;
    }
    return found;
  }

  return {
    /** Text to ids, [CLS] in front and [SEP] behind. A lone surrogate becomes U+FFFD.
     * @param {string} text
     */
    encode: (
      text,
    ) => [
      ids.get("[CLS]") ?? special.get("[CLS]"),
      ...text.toWellFormed().split(cut).flatMap((part) => (
        special.has(part) ? [special.get(part)] : wordpieceWords(part).flatMap(pieces)
      )),
      ids.get("[SEP]") ?? special.get("[SEP]"),
    ],
    /** @param {number} id */
    textOf(id) {
      if (tokens[id] === undefined) throw new Error(`no token ${id}`);
      return tokens[id];
    },
    /** @param {string} token */
    idOf: (token) => special.get(token) ?? ids.get(token),
    size: tokens.length,
  };
}

/** A text's words and signs, normalized as BERT reads them.
 * @param {string} text
 */
export function wordpieceWords(text) {
  let clean = "";
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (WORDPIECE_SPACE.test(letter)) {
      if (
        letter === "\t" || letter === "\n" || letter === "\r" || !WORDPIECE_CONTROL.test(letter)
      ) clean += " ";
    } else if (code === 0xfffd || WORDPIECE_CONTROL.test(letter)) continue;
    else {clean += WORDPIECE_CHINESE.some(([from, to]) => from <= code && code <= to)
        ? ` ${letter} `
        : letter;}
  }
  const lower = [...clean.normalize("NFD").replace(/\p{Mn}/gu, "")].map((letter) =>
    letter.toLowerCase()
  ).join("");
  return lower.split(/\p{White_Space}+/u).flatMap((word) => {
    const parts = [];
    let current = "";
    for (const letter of word) {
      if (WORDPIECE_SIGN.test(letter)) {
        if (current) parts.push(current);
        parts.push(letter);
        current = "";
      } else current += letter;
    }
    if (current) parts.push(current);
    return parts;
  });
}
