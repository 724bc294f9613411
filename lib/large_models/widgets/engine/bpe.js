// Byte-level BPE in the page: what Hugging Face `tokenizers` does with a tokenizer.json such as
// data/tokenizer.py's train_bpe writes (equal on a fuzzed set: tests/js/test_bpe.py).
//
// A text is cut at the special tokens, then into words, numbers and runs of signs and spaces; the
// bytes of each piece in UTF-8 are written as one printable character a byte, and neighbours are
// merged in the order in which training found the merges. Source: Radford et al. 2019, section 2.2.

// GPT-2's rule. \p{White_Space} instead of \s, which is another set in JavaScript.
const BPE_PIECES =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** What a tokenizer.json holds, as far as it is read here.
 * @typedef {object} TokenizerFile
 * @property {{ type: string, vocab: Record<string, number>, merges: (string | string[])[] }} model
 * @property {{ type: string, use_regex?: boolean, add_prefix_space?: boolean }} pre_tokenizer
 * @property {{ content: string, id: number }[]} [added_tokens]
 * @property {object | null} [normalizer]
 */

/** {encode, decode, bytesOf, textOf, idOf} of a tokenizer.json, given as the object that it holds.
 *  Throws an Error if it is of another kind.
 * @param {TokenizerFile} json
 */
export function bpeTokenizer(json) {
  const { model, added_tokens: added = [] } = json ?? {};
  const byteLevel = json?.pre_tokenizer?.type === "ByteLevel" &&
    json.pre_tokenizer.use_regex !== false;
  if (
    model?.type !== "BPE" || !byteLevel || json.pre_tokenizer.add_prefix_space || json.normalizer
  ) {
    throw new Error(
      "expected a tokenizer.json of byte-level BPE, with no space in front and no normalizer",
    );
  }
  const ids = new Map(Object.entries(model.vocab));
  const special = new Map(added.map(({ content, id }) => [content, id]));
  /** @type {string[]} */
  const tokens = [];
  for (const [token, id] of [...ids, ...special]) tokens[id] = token;
  const ranks = new Map(
    model.merges.map((pair, rank) => /** @type {const} */ ([
      Array.isArray(pair) ? pair.join(" ") : pair,
      rank,
    ])),
  );
  const letters = bpeLetters();
  const bytes = new Map(letters.map((letter, byte) => [letter, byte]));
  const names = [...special.keys()].sort((a, b) => b.length - a.length).map((name) =>
    name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
  );
  const cut = names.length ? new RegExp(`(${names.join("|")})`, "u") : /(?!)/u;
  /** @type {Map<string, number[]>} */
  const known = new Map(); // pieces seen before: words repeat

  /** @param {string} piece */
  const pieceIds = (piece) => {
    let found = known.get(piece);
    if (!found) {
      const symbols = Array.from(new TextEncoder().encode(piece), (byte) => letters[byte]);
      found = bpeMerge(symbols, ranks).map((symbol) => /** @type {number} */ (ids.get(symbol)));
      known.set(piece, found);
    }
    return found;
  };

  /** The bytes that a token stands for: a part of a character, perhaps.
   * @param {number} id
   */
  const bytesOf = (id) => {
    if (tokens[id] === undefined) throw new Error(`no token ${id}`);
    if (special.get(tokens[id]) === id) return new TextEncoder().encode(tokens[id]);
    return Uint8Array.from(tokens[id], (letter) => /** @type {number} */ (bytes.get(letter)));
  };

  return {
    /** Text to ids. A lone surrogate becomes U+FFFD, since UTF-8 has none.
     * @param {string} text
     */
    encode: (text) =>
      text.split(cut).flatMap((part) => {
        const id = special.get(part);
        return id === undefined ? (part.match(BPE_PIECES) ?? []).flatMap(pieceIds) : [id];
      }),
    /** Ids to text, special tokens as their names; bytes that are no character become U+FFFD.
     * @param {number[]} list
     */
    decode: (list) =>
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(
        Uint8Array.from(list.flatMap((id) => [...bytesOf(id)])),
      ),
    bytesOf,
    /** The text of one token, null if its bytes alone are not whole characters.
     * @param {number} id
     */
    textOf(id) {
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOf(id));
      } catch {
        return null;
      }
    },
    /** The id of a special token.
     * @param {string} name
     */
    idOf: (name) => special.get(name),
    size: tokens.length,
  };
}

/** Merges neighbours, always the pair that training merged first, of equals the leftmost.
 *
 *  The pairs wait in a heap, ordered by rank and place, so a piece of n bytes takes about n log n
 *  steps. A merge takes the place of its left part and unlinks the right one; a pair in the heap
 *  whose parts have changed since is passed over.
 * @param {string[]} pieces
 * @param {Map<string, number>} ranks
 */
function bpeMerge(pieces, ranks) {
  const n = pieces.length;
  /** @type {(string | null)[]} */
  const symbols = pieces; // null where a symbol has gone into the one before
  const [before, after] = [
    Int32Array.from(symbols, (_, i) => i - 1),
    Int32Array.from(symbols, (_, i) => i + 1),
  ];
  /** @param {number} i */
  const rankAt = (
    i,
  ) => (after[i] < n ? ranks.get(`${symbols[i]} ${symbols[after[i]]}`) : undefined);
  /** @type {number[]} */
  const heap = [];
  /** @param {number} i */
  const add = (i) => {
    const rank = i < 0 ? undefined : rankAt(i);
    if (rank !== undefined) bpePush(heap, rank * 2 ** 31 + i); // one number: by rank, then by place
  };
  for (let i = 0; i < n; i++) add(i);
  while (heap.length) {
    const key = bpePop(heap);
    const i = key % 2 ** 31;
    if (symbols[i] === null || rankAt(i) !== Math.floor(key / 2 ** 31)) continue;
    const gone = after[i];
    symbols[i] = `${symbols[i]}${symbols[gone]}`;
    symbols[gone] = null;
    after[i] = after[gone];
    if (after[i] < n) before[after[i]] = i;
    add(before[i]);
    add(i);
  }
  return symbols.filter((symbol) => symbol !== null);
}

/** Puts a number into a heap: an array where none is less than the one at half its place.
 * @param {number[]} heap
 * @param {number} key
 */
function bpePush(heap, key) {
  let i = heap.push(key) - 1;
  for (let parent; i && heap[parent = (i - 1) >> 1] > key; i = parent) heap[i] = heap[parent];
  heap[i] = key;
}

/** Takes the least number out of a heap that is not empty.
 * @param {number[]} heap
 */
function bpePop(heap) {
  const [least, last] = [heap[0], /** @type {number} */ (heap.pop())];
  const n = heap.length;
  if (!n) return least;
  let i = 0;
  for (let child; (child = 2 * i + 1) < n; i = child) {
    if (child + 1 < n && heap[child + 1] < heap[child]) child += 1;
    if (heap[child] >= last) break;
    heap[i] = heap[child];
  }
  heap[i] = last;
  return least;
}

/** A printable character for each byte: itself where it is one, else the next free from U+0100. */
function bpeLetters() {
  /** @param {number} byte */
  const printable = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
  let next = 256;
  return Array.from(
    { length: 256 },
    (_, byte) => String.fromCharCode(printable(byte) ? byte : next++),
  );
}
