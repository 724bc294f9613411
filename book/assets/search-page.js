// The search page: what was typed is looked for as it is typed (search-model.js).
{
  const FIRST = 20; // results shown at once
  const search = lwSearch(lwSearchIndex, lwStopWords, Stemmer);
  const field = document.querySelector(".bd-search-container input[name=q]");
  const said = document.getElementById("search-said");
  const list = document.getElementById("search-results");
  const more = document.getElementById("search-more");
  const root = document.documentElement.dataset.content_root;

  const counted = (count) => `${count} ${count === 1 ? "place" : "places"}`;

  function node(tag, props = {}, ...children) {
    const made = Object.assign(document.createElement(tag), props);
    made.append(...children);
    return made;
  }

  function entry({ page, pageTitle, at, title, excerpt }) {
    const href = `${root}${page}.html${at ? `#${encodeURIComponent(at)}` : ""}`;
    const parts = excerpt().map(({ text, marked }) => marked ? node("mark", {}, text) : text);
    const place = title === pageTitle ? [] : [node("p", { className: "search-place" }, pageTitle)];
    return node("li", {}, node("a", { href }, title), ...place, node("p", {}, ...parts));
  }

  function show(query, typing) {
    const found = query.trim() ? search.find(query, typing) : null;
    const results = found?.results ?? [];
    list.replaceChildren(...results.slice(0, FIRST).map(entry));
    more.hidden = results.length <= FIRST;
    more.textContent = `Show all ${results.length}`;
    more.onclick = () => {
      list.append(...results.slice(FIRST).map(entry));
      list.children[FIRST].querySelector("a").focus();
      more.hidden = true;
    };
    said.replaceChildren(...sentence(query, found));
  }

  /** What there is, and where there is nothing what to do. */
  function sentence(query, found) {
    if (!found) return [];
    const said = [];
    if (found.all) said.push(`${counted(found.results.length)} in the book.`);
    else if (found.results.length) {
      said.push(`No place has all of it; ${counted(found.results.length)} ${found.results.length === 1 ? "has" : "have"} a part.`);
    } else if (/["“”]/.test(query)) {
      said.push("Nowhere in the book does it say exactly this. Without the quotation marks, the words may stand apart.");
    } else {
      said.push("Nothing in the book matches. Try fewer or other words, or look in the ",
        node("a", { href: `${root}chapters/glossary.html` }, "glossary"), ".");
    }
    if (found.instead) {
      const better = query.replace(new RegExp(found.instead.typed, "i"), found.instead.word);
      const link = node("a", { href: `?q=${encodeURIComponent(better)}` }, found.instead.word);
      link.onclick = (event) => {
        event.preventDefault();
        field.value = better;
        look(false);
      };
      said.push(" Did you mean ", link, "?");
    }
    return said;
  }

  function look(typing) {
    show(field.value, typing);
    try {
      history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
    } catch {
      // a page from a folder keeps its address
    }
  }

  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", () => look(true));
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    look(false);
  });
  addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = [field, ...list.querySelectorAll("a")];
    const now = links.indexOf(document.activeElement);
    if (!step || now < 0 || !links[now + step]) return;
    event.preventDefault();
    links[now + step].focus();
  });
  show(field.value, false);
  field.focus();
}
