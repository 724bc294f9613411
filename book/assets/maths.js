// A formula wider than the screen scrolls by itself: by keyboard too, so it can be tabbed to.
{
  const formulas = document.querySelectorAll("div.math");
  const reach = () => {
    for (const element of formulas) {
      if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
      else element.removeAttribute("tabindex");
    }
  };
  document.fonts.ready.then(reach);
  addEventListener("resize", reach);
}
