// Finds in the book's index (book/ext/search.py). No DOM: a query in, places with excerpts out.
//
// Every word of a query has to occur; what stands in quotation marks occurs just so. Words are
// compared by their stems, in one spelling (colour, color). A Chinese character is a word of its own,
// and those that follow each other are a phrase. A term of the glossary also finds its other names,
// in both languages.
{
  const QUOTED = /["“”„«»「」『』]([^"“”„«»「」『』]*)["“”„«»「」『』]/g;
  // Words that ask, and seldom stand in the answer.
  const ASKING = new Set(["about", "can", "do", "does", "how", "i", "my", "what", "when", "which", "who", "why"]);
  const EXCERPT = 34; // words
  const TITLE = 4; // what a word in a title counts, of one in the text
  const SYNONYM = 0.6; // what another name counts, of the one that was asked for
  const PART = 0.4; // what a word counts that only begins with what was typed
  const AGAIN = 0.8; // what a further place on one page counts
  // Chapters come before what is looked up; a reference is seldom what was sought.
  const WORTH = [[/\/references#/, 0.5], [/\/glossary#/, 0.7], [/#ex-/, 0.8], [/#(exercises|what-to-take-away)$/, 0.8], [/./, 1]];

  const { distance, isHan, split } = lwText;

  /** A search of an index, with what Sphinx knows of English: `find(query)`. */
  globalThis.lwSearch = (index, stopWords, Stemmer) => {
    const stemmer = new Stemmer();
    const stops = new Set(stopWords);
    const vocabulary = new Map(); // word -> {id, stem, count}
    const stems = new Map();
    const joined = new Map(); // "finetun" -> ["fine", "tun"], where the book has a hyphen
    const words = [];

    function entry(word) {
      let known = vocabulary.get(word);
      if (!known) {
        const stem = isHan(word) || word.includes("_") ? word : stemmer.stemWord(word);
        if (!stems.has(stem)) stems.set(stem, stems.size);
        known = { id: vocabulary.size, stem: stems.get(stem), count: 0, word };
        vocabulary.set(word, known);
        words.push(known);
      }
      known.count++;
      return known;
    }

    function field(text) {
      const parts = split(text);
      const known = parts.words.map(entry);
      for (let i = 1; i < known.length; i++) {
        if (parts.at[i] === parts.ends[i - 1] + 1 && "-‐‑".includes(text[parts.ends[i - 1]])) {
          joined.set(parts.words[i - 1] + parts.words[i], [parts.words[i - 1], parts.words[i]]);
        }
      }
      return {
        text, at: parts.at, ends: parts.ends,
        exact: known.map(({ id }) => id), stem: known.map(({ stem }) => stem),
      };
    }

    const pages = index.pages.map(([name, title]) => ({ name, title, words: field(title) }));
    const sections = index.sections.map(([page, at, title, says, code], order) => ({
      page: pages[page], at, order, title, name: field(title), text: field(says), code: field(code),
      worth: WORTH.find(([kind]) => kind.test(`${pages[page].name}#${at}`))[1],
    }));
    const having = new Map(); // stem -> the sections that have it anywhere
    for (const section of sections) {
      for (const part of [section.name, section.text, section.code, section.page.words]) {
        for (const stem of part.stem) {
          if (having.get(stem)?.at(-1) === section) continue;
          if (!having.has(stem)) having.set(stem, []);
          having.get(stem).push(section);
        }
      }
    }
    const usual = sections.reduce((sum, { text }) => sum + text.at.length, 0) / sections.length;
    const groups = index.terms.map((names) => names.map((name) => split(name).words));

    // --- what a query asks for -----------------------------------------------------------------

    const same = (a, b) => a.length === b.length && a.every((word, i) => word === b[i]);

    /** One wording: for each of its words a function that tells whether a word of a field fits. */
    function wording(list, exact, weight = 1, prefix = false) {
      const fits = list.map((word, i) => {
        const known = vocabulary.get(word);
        const stem = stems.get(isHan(word) || word.includes("_") ? word : stemmer.stemWord(word));
        if (exact) return { exact: known?.id ?? -1, stems: [known?.stem] };
        if (stem !== undefined || !prefix || i < list.length - 1) return { stem: stem ?? -1, stems: [stem] };
        const begun = words.filter((one) => one.word.startsWith(word));
        return { any: new Set(begun.map((one) => one.stem)), stems: begun.map((one) => one.stem) };
      });
      const places = fits.map(({ stems: all }) => new Set(all.flatMap((stem) => having.get(stem) ?? [])));
      const may = places.reduce((a, b) => a.size < b.size ? a : b);
      return { fits, may, weight: fits.some(({ any }) => any) ? weight * PART : weight };
    }

    const known = (list) => list.every((word) => stems.has(stemmer.stemWord(word)) || vocabulary.has(word));

    /** The terms of the glossary that Chinese characters are made of, the longest first. */
    function translations(list) {
      const found = [];
      for (let i = 0; i < list.length;) {
        let best = null;
        for (const group of groups) {
          for (const name of group) {
            const fits = isHan(name[0]) && name.every((word, j) => word === list[i + j]);
            if (fits && (!best || name.length > best.length)) best = { length: name.length, group };
          }
        }
        if (best) found.push(best.group);
        i += best?.length ?? 1;
      }
      return found;
    }

    /** Terms that share most pairs of characters with what was asked: at least half of either. */
    function similar(list) {
      const pairs = (name) => name.slice(1).map((word, i) => name[i] + word);
      const asked = pairs(list);
      const scored = groups.map((group) => {
        const shares = group.filter((name) => isHan(name[0])).map((name) => {
          const own = pairs(name);
          const common = own.filter((pair) => asked.includes(pair)).length;
          return common / Math.max(1, Math.min(own.length, asked.length));
        });
        return { group, share: Math.max(0, ...shares) };
      });
      const best = Math.max(...scored.map(({ share }) => share));
      return best < 0.5 ? [] : scored.filter(({ share }) => share === best).map(({ group }) => group);
    }

    /** Clauses, all of which a place has to meet: [{wordings, words}]. */
    function read(query, typing) {
      const clauses = [];
      const plain = query.replace(QUOTED, (_, phrase) => {
        const list = split(phrase).words;
        if (list.length) clauses.push({ wordings: [wording(list, true)], words: list, quoted: true });
        return " ";
      });
      const runs = [...plain.matchAll(/\p{Script=Han}+|(?:(?!\p{Script=Han})[^\s"“”«»「」『』])+/gu)];
      const loose = runs.map((run) => ({ list: split(run[0]).words })).filter(({ list }) => list.length);
      const telling = loose.filter(({ list }) =>
        list.length > 1 || !(stops.has(list[0]) || ASKING.has(list[0])));
      const asked = telling.length || clauses.length ? telling : loose;
      for (const { list } of asked) {
        const last = typing && list === loose.at(-1)?.list;
        if (isHan(list[0])) clauses.push(...chinese(list));
        else clauses.push({ wordings: [wording(list, false, 1, last || list[0].length > 3), ...hyphens(list)], words: list });
      }
      addNames(clauses);
      return clauses;
    }

    /** Each term is a clause; characters that are no term are one, with the terms like them. */
    function chinese(list) {
      const terms = translations(list);
      const whole = groups.some((group) => group.some((name) => same(name, list)));
      if (terms.length > 1 && !whole) {
        return terms.map((group) => ({ wordings: group.map((name) => wording(name, isHan(name[0]))), words: list }));
      }
      const like = whole ? groups.filter((group) => group.some((name) => same(name, list))) : similar(list);
      const others = like.flatMap((group) => group.map((name) => wording(name, isHan(name[0]))));
      return [{ wordings: [wording(list, true), ...others], words: list }];
    }

    /** "finetuning" is "fine-tuning", and "pre-training" "pretraining". */
    function hyphens(list) {
      const found = [];
      if (list.length > 1) found.push(list.join(""));
      const apart = list.length === 1 ? joined.get(list[0]) : undefined;
      return [...found.map((word) => wording([word], false)), ...(apart ? [wording(apart, false)] : [])];
    }

    /** The words together may be a term: its other names count as well, in place of all of them. */
    function addNames(clauses) {
      const loose = clauses.filter(({ quoted, words: [first] }) => !quoted && !isHan(first));
      const asked = loose.flatMap((clause) => clause.words).map((word) => stemmer.stemWord(word));
      for (const group of groups) {
        const fits = group.some((name) => same(name.map((word) => stemmer.stemWord(word)), asked));
        if (fits) for (const clause of loose) clause.wordings.push(...group.map((name) => wording(name, false, SYNONYM)));
      }
    }

    // --- where it stands -------------------------------------------------------------------------

    const fit = ({ exact, stem, any }, words, i) =>
      exact !== undefined ? words.exact[i] === exact
        : any ? any.has(words.stem[i]) : words.stem[i] === stem;

    /** Where a wording begins in a field. */
    function places({ fits }, words) {
      const found = [];
      for (let i = 0; i + fits.length <= words.at.length; i++) {
        if (fits.every((one, j) => fit(one, words, i + j))) found.push(i);
      }
      return found;
    }

    /** How well a section meets a clause, and where its text does; nothing if it does not. */
    function meets(section, clause) {
      let score = 0, here = false;
      const marks = [];
      for (const one of clause.wordings) {
        if (!one.may.has(section)) continue;
        const inText = places(one, section.text);
        const inName = places(one, section.name).length;
        const inPage = places(one, section.page.words).length;
        const inCode = clause.quoted ? 0 : places(one, section.code).length;
        const long = 0.5 + 0.5 * section.text.at.length / usual;
        const share = one.fits.length * Math.min(1, inName) / Math.max(1, section.name.at.length);
        const value = inText.length / (inText.length + 1.2 * long)
          + (inName ? TITLE * (0.4 + 0.6 * share) : 0) + (inPage ? 1.2 : 0) + (inCode ? 0.2 : 0);
        score = Math.max(score, one.weight * value);
        here ||= inText.length + inName + inCode > 0;
        marks.push(...inText.map((at) => [at, at + one.fits.length]));
      }
      return score ? { score, here, marks } : null;
    }

    /** Words that follow each other as in the query, in a title or in the text. */
    function together(section, clauses) {
      const loose = clauses.filter(({ quoted }) => !quoted);
      if (loose.length < 2) return 0;
      const whole = { fits: loose.flatMap(({ wordings: [first] }) => first.fits) };
      return places(whole, section.name).length * TITLE + Math.min(2, places(whole, section.text).length);
    }

    function search(clauses, all) {
      const found = [];
      const rows = sections.map((section) => clauses.map((clause) => meets(section, clause)));
      const rare = clauses.map((_, i) => Math.log(1 + sections.length / (1 + rows.filter((row) => row[i]?.here).length)));
      rows.forEach((row, i) => {
        const met = row.filter(Boolean).length;
        const quoted = clauses.every((clause, j) => !clause.quoted || row[j]?.here);
        if (!met || !quoted || (all && met < clauses.length) || !row.some((one) => one?.here)) return;
        const score = row.reduce((sum, one, j) => sum + (one ? one.score * rare[j] : 0), 0);
        const shareMet = met / clauses.length;
        found.push({
          section: sections[i], marks: row.flatMap((one) => one?.marks ?? []),
          score: (score + together(sections[i], clauses)) * shareMet * shareMet * sections[i].worth,
        });
      });
      return spread(found);
    }

    /** The best first, but not all of one page before those of others. */
    function spread(found) {
      const order = (a, b) => b.score - a.score || a.section.order - b.section.order;
      const seen = new Map();
      for (const one of found.sort(order)) {
        const before = seen.get(one.section.page) ?? 0;
        seen.set(one.section.page, before + 1);
        one.score *= AGAIN ** before;
      }
      return found.sort(order);
    }

    /** The part of a text with the most marks, cut at its words: [{text, marked}]. */
    function excerpt({ text: words }, marks) {
      const { text, at, ends } = words;
      if (!at.length) return [];
      const inside = (from, to = from + EXCERPT) => marks.filter(([a, b]) => a >= from && b <= to);
      const kinds = (from) => new Set(inside(from).map(([a]) => words.stem[a])).size * 10 + inside(from).length;
      let from = 0, best = marks.length ? -1 : 0;
      for (const [a] of marks) {
        const begin = sentence(text, at, a);
        if (kinds(begin) > best) [from, best] = [begin, kinds(begin)];
      }
      from = at.length < 1.5 * EXCERPT ? 0 : Math.min(from, at.length - EXCERPT);
      const to = at.length < 1.5 * EXCERPT ? at.length : from + EXCERPT;
      const marked = new Set(inside(from, to).flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => a + i)));
      const parts = [{ text: from ? "… " : "", marked: false }];
      for (let i = from; i < to; i++) {
        const until = i + 1 < to ? at[i + 1] : ends[i];
        parts.push({ text: text.slice(at[i], ends[i]), marked: marked.has(i) });
        parts.push({ text: text.slice(ends[i], until).replaceAll("\n", " "), marked: false });
      }
      const rest = to < at.length ? " …" : text.slice(ends[to - 1]);
      return [...parts, { text: rest, marked: false }];
    }

    /** The word at which to begin, so that a sentence begins there if it does not begin too far off. */
    function sentence(text, at, word) {
      for (let i = word; i > Math.max(0, word - EXCERPT / 2); i--) {
        if (/([.?!][”")\]]?\s+|\n|[。？！]["”)]?)["“(]?$/.test(text.slice(at[i - 1], at[i]))) return i;
      }
      return word <= EXCERPT / 2 ? 0 : word - 8;
    }

    /** Words of the book that an unknown word may have been meant as. */
    function instead(clauses) {
      for (const word of clauses.flatMap(({ words: list }) => list)) {
        if (word.length < 4 || isHan(word) || known([word])) continue;
        const most = word.length > 7 ? 2 : 1;
        const near = words.map((one) => ({ ...one, off: distance(word, one.word, most) }))
          .filter(({ off, word: { length } }) => off <= most && length > 3)
          .sort((a, b) => a.off - b.off || b.count - a.count);
        if (near.length) return { typed: word, word: near[0].word };
      }
      return null;
    }

    return {
      /** {all: whether every word was met, results: [{url parts, titles, excerpt}], instead}. */
      find(query, typing = false) {
        const clauses = read(query, typing);
        if (!clauses.length) return null;
        let found = search(clauses, true);
        const all = found.length > 0;
        if (!all) found = search(clauses, false);
        return {
          all, instead: all ? null : instead(clauses),
          results: found.map(({ section, marks, score }) => ({
            page: section.page.name, pageTitle: section.page.title, at: section.at, score,
            title: section.title || section.page.title, excerpt: () => excerpt(section, marks),
          })),
        };
      },
    };
  };
}
