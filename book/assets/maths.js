// Draws every formula of the page. What KaTeX cannot draw shows as .katex-error, which a test finds.
{
  const colours = ["lw-in", "lw-learned", "lw-out"];
  const errorColor = "#cc0001"; // how KaTeX marks what it does not trust, without failing
  for (const element of document.querySelectorAll(".math")) {
    const source = element.textContent;
    try {
      katex.render(source, element, {
        displayMode: element.tagName === "DIV",
        errorColor,
        trust: ({ command, class: name }) => command === "\\htmlClass" && colours.includes(name),
        strict: (code) => (code === "htmlExtension" ? "ignore" : "error"),
      });
      if (element.innerHTML.includes(errorColor)) throw new Error("a command that is not allowed");
    } catch (error) {
      console.error(`${error.message}: ${source}`);
      element.textContent = source;
      element.classList.add("katex-error");
    }
  }
  // A formula wider than the screen scrolls by itself: by keyboard too, so it can be tabbed to.
  const reach = () => {
    for (const element of document.querySelectorAll("div.math")) {
      if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
      else element.removeAttribute("tabindex");
    }
  };
  document.fonts.ready.then(reach);
  addEventListener("resize", reach);
}
