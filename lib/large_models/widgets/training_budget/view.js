// A training run on paper: sliders, memory on each GPU, days, and published runs beside it.
// Python's side: __init__.py; what follows from the settings: model.js.
import { h, mount, t } from "../kit/mod.js";
import { comparePart, figuresPart, memoryPart } from "./answer.js";
import { choicesPart } from "./choices.js";
import { entriesPart } from "./entries.js";
import { budgetModel } from "./model.js";

function build(ctx) {
  const model = budgetModel(ctx.get);
  let spoken = false; // what the reader changes is read out, what Python changes is not
  const change = (values) => {
    spoken = true;
    ctx.sync(values);
  };
  const memory = memoryPart();
  const figures = figuresPart();
  const compare = comparePart();
  const choices = choicesPart(ctx, { model, change });
  const entries = entriesPart(ctx, { model, change, tell: memory.tell });
  const hint = h("p", { class: "tb-hint lw-quiet" });

  const draw = ctx.redraw(() => {
    const view = model.view();
    for (const part of [choices, entries, memory, figures, compare]) part.show(view);
    hint.textContent = view.hint;
    if (spoken) ctx.say(view.said);
    spoken = false;
  });
  ctx.root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("set the pipeline to 1 stage: the model no longer fits. Which kind of copies puts that right, and what does that do to the time?",
        "把流水线设为 1 级：放不下了。哪种副本能解决？时间又会怎样？")),
    choices.plans, choices.ways, ...memory.node, figures.node, compare.node, entries.node, choices.precision, hint);
  ctx.watch(model.traits, draw);
  draw();
}

export default { render: (host) => mount(host, "training-budget", build) };
