// Words of a text for search-model.js: where they stand, in one spelling, and how far apart two are.
{
  const HAN = "\\p{Script=Han}";
  const WORD = new RegExp(`${HAN}|(?:(?!${HAN})[\\p{L}\\p{N}\\p{M}_])+`, "gu");

  const isHan = (word) => /^\p{Script=Han}/u.test(word);

  /** One spelling for both sides of the Atlantic; it need not be a right one, only the same. */
  function spelled(word) {
    if (word.length < 5) return word;
    return word
      .replace(/is(e|ed|es|er|ers|ing|ation|ations)$/, "iz$1")
      .replace(/ys(e|ed|es|er|ers|ing)$/, "yz$1")
      .replace(/^(.{2,})our(|s|ed|ing|ful|able|hood|hoods|ite|ites)$/, "$1or$2")
      .replace(/tre(s?)$/, "ter$1")
      .replace(/ence(s?)$/, "ense$1")
      .replace(/ogue(s?)$/, "og$1")
      .replace(/ll(ed|ing|er|ers)$/, "l$1");
  }

  const spellings = new Map();

  /** {words: lower case in one spelling, at: where each begins, ends} of a text. */
  function split(text) {
    const words = [], at = [], ends = [];
    for (const { 0: word, index } of text.matchAll(WORD)) {
      if (!spellings.has(word)) spellings.set(word, spelled(word.normalize("NFKC").toLowerCase()));
      words.push(spellings.get(word));
      at.push(index);
      ends.push(index + word.length);
    }
    return { words, at, ends };
  }

  /** How many letters have to be changed, put in, left out or swapped; more than `most` is most + 1. */
  function distance(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let [before, last] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
    for (let i = 1; i <= a.length; i++) {
      const now = [i];
      for (let j = 1; j <= b.length; j++) {
        now[j] = Math.min(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] !== b[j - 1]));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
          now[j] = Math.min(now[j], before[j - 2] + 1);
        }
      }
      [before, last] = [last, now];
    }
    return last[b.length];
  }

  globalThis.lwText = { distance, isHan, split };
}
