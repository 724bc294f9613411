// Draws every formula of the page. What KaTeX cannot draw shows as .katex-error, which a test finds.
{
  const macros = {
    "\\cin": "\\htmlClass{lw-in}{#1}", // what comes in
    "\\clearned": "\\htmlClass{lw-learned}{#1}", // what is learned
    "\\cout": "\\htmlClass{lw-out}{#1}", // what comes out
    "\\R": "\\mathbb{R}",
  };
  const colours = ["lw-in", "lw-learned", "lw-out"];
  for (const element of document.querySelectorAll(".math")) {
    katex.render(element.textContent, element, {
      displayMode: element.tagName === "DIV",
      macros: { ...macros }, // a copy: \def in one formula stays there
      throwOnError: false,
      trust: ({ command, class: name }) => command === "\\htmlClass" && colours.includes(name),
      strict: (code) => (code === "htmlExtension" ? "ignore" : "error"),
    });
    // A formula wider than the screen scrolls by itself, by keyboard too.
    if (element.scrollWidth > element.clientWidth && element.tagName === "DIV") element.tabIndex = 0;
  }
}
