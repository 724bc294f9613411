// Where the timeline draws what: models by year against a quantity, in pixels. No DOM.
import { t } from "../kit/language.js";
import { axis } from "../kit/numbers.js";
import { power } from "./words.js";

export const HEIGHT = 340;
const EDGE = { left: 44, right: 14, top: 10, bottom: 44 };
const LOW = HEIGHT - EDGE.bottom;
const LANE = LOW + 12; // of models without a figure, under the lowest value
const DECADES = {
  all: { parameters: [0, 13], text: [2, 14], images: [0, 11], compute: [3, 27] },
  2010: { parameters: [5, 13], text: [8, 14], images: [5, 10], compute: [14, 27] },
};
const YEARS = { all: [1956, 2028.5], 2010: [2010, 2027.5] };
const NEAR = 26; // pixels from a point at which the pointer has it
const LETTER = 7; // pixels of a letter, about
const LANDMARKS = [
  "DeepSeek-V4-Pro", "AlexNet", "Perceptron", "GPT-3", "BERT-large", "LeNet-5", "Stupid backoff 5-grams", "AlphaGo",
  "Neocognitron", "TD-Gammon",
];

/** Whether a model lies in these years. */
export const inSight = (row, span) => row.time >= YEARS[span][0];

function multiples(step, [from, to]) {
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => step * (first + i));
}

/** Everything that is drawn on `width` pixels: points, lines of points, texts at a point.
 *
 *  dots: [{name, field, time, value (null: no figure), estimated, away}], of which `here` (a name) has
 *  the ring; fit: the line of engine/growth.js, or null. */
export function plotOf({ dots, here, span, quantity, since, fit }, width) {
  const right = width - EDGE.right;
  const [years, decades] = [YEARS[span], DECADES[span][quantity]];
  const x = axis(years, [EDGE.left, right]);
  const height = axis(decades, [LOW, EDGE.top]);
  const y = (value) => height(Math.log10(value));
  const placed = dots.map((dot) => ({
    name: dot.name, field: dot.field, away: dot.away,
    kind: dot.value === null ? "gap" : dot.estimated ? "hollow" : "known",
    at: [x(dot.time), dot.value === null ? LANE : y(dot.value)],
  }));
  return {
    clip: { x: EDGE.left, y: EDGE.top, width: right - EDGE.left, height: LOW - EDGE.top },
    ...axes({ x, height, years, decades, right, width }),
    ...fitted({ x, y, fit, from: Math.max(since, years[0]), to: years[1] }),
    dots: placed,
    ring: placed.find((dot) => dot.name === here)?.at ?? null,
    names: namesOf(placed, here, width),
  };
}

function axes({ x, height, years, decades, right, width }) {
  const span = decades[1] - decades[0];
  const marked = multiples(span > 15 ? 4 : span > 10 ? 3 : span > 6 ? 2 : 1, decades);
  const dated = multiples(years[1] - years[0] > 30 ? 10 : width < 480 ? 5 : 2, years);
  const left = (level, text) => ({ at: [EDGE.left - 6, level + 4], text, anchor: "end" });
  return {
    grid: [...marked.map((decade) => [[EDGE.left, height(decade)], [right, height(decade)]]),
      ...dated.map((year) => [[x(year), LOW], [x(year), LOW + 4]])],
    axis: [[EDGE.left, LOW], [right, LOW]],
    ticks: [...marked.map((decade) => left(height(decade), power(decade))),
      ...dated.map((year) => ({ at: [x(year), HEIGHT - 4], text: String(year), anchor: "middle" })),
      left(LANE, t("none", "无"))],
  };
}

/** The year from which the line is fitted, the line, and the band around it. */
function fitted({ x, y, fit, from, to }) {
  const since = [[x(from), EDGE.top], [x(from), LOW]];
  if (!fit) return { since, line: null, band: null };
  const times = Array.from({ length: 41 }, (_, i) => from + ((to - from) * i) / 40);
  const [under, over] = [0, 1].map((side) => times.map((time) => [x(time), y(fit.band(time)[side])]));
  return { since, line: [from, to].map((time) => [x(time), y(fit.line(time))]), band: [...under, ...over.reverse()] };
}

/** Names of landmarks, where they cover neither a model nor each other; that of `here` in any case. */
function namesOf(dots, here, width) {
  const known = dots.filter((dot) => dot.kind !== "gap" && !dot.away);
  const landmarks = LANDMARKS.map((name) => known.find((dot) => dot.name === name));
  const wanted = [dots.find((dot) => dot.name === here), ...landmarks.filter((dot) => dot?.name !== here)]
    .filter(Boolean);
  const taken = [];
  const names = [];
  for (const dot of wanted) {
    const [px, py] = dot.at;
    const length = LETTER * dot.name.length + 6;
    for (const side of [1, -1]) {
      const [from, to] = side > 0 ? [px + 9, px + 9 + length] : [px - 9 - length, px - 9];
      if (from < EDGE.left || to > width) continue;
      const box = [from, py - 9, to, py + 9];
      const free = (other) => box[2] < other[0] || box[0] > other[2] || box[3] < other[1] || box[1] > other[3];
      const covers = ({ at: [ox, oy] }) => !free([ox - 5, oy - 5, ox + 5, oy + 5]);
      const clear = taken.every(free) && !known.some((other) => other !== dot && covers(other));
      if (dot.name !== here && !clear) continue;
      taken.push(box);
      const [at, anchor] = [[px + 9 * side, py + 4], side > 0 ? "start" : "end"];
      names.push({ text: dot.name, at, anchor, here: dot.name === here });
      break;
    }
  }
  return names;
}

/** The name of the model that the pointer has at a point of the plot, or null. */
export function nearest(plot, [px, py]) {
  const away = ({ at }) => Math.hypot(px - at[0], py - at[1]);
  const near = plot.dots.filter((dot) => !dot.away && away(dot) < NEAR).sort((a, b) => away(a) - away(b));
  return near[0]?.name ?? null;
}
