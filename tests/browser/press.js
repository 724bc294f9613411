// Moves one control of each widget, and waits until that shows: a list of the widgets where it never does.
(async () => {
  const shows = (widget) => widget.innerText + [...widget.querySelectorAll("input")].map((i) => [i.value, i.checked]);

  async function press(widget) {
    const [slider, choice, button] = ["input[type=range]", "input[type=radio]:not(:checked)", "button"]
      .map((kind) => widget.querySelector(kind));
    const before = shows(widget);
    if (slider) {
      slider.value = Number(slider.value) > Number(slider.min) ? slider.min : slider.max;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    } else {
      (choice ?? button).click();
    }
    for (let waited = 0; shows(widget) === before; waited += 1) {
      if (waited > 1500) return [widget.dataset.widget];
      await new Promise((next) => setTimeout(next, 20));
    }
    return [];
  }

  return (await Promise.all([...document.querySelectorAll(".lw-view > .lw")].map(press))).flat();
})()
