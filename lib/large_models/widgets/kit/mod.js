// The kit: what the views of the widgets are made of. A model asks for language.js, numbers.js and
// colors.js alone, which know nothing of the DOM; the sheet of paper (paper.js) is for who draws.
export { bytesOf, float32Of, loadAsset } from "./assets.js";
export { bar } from "./bars.js";
export { chart, line, mark } from "./chart.js";
export { colorOf, paint, pixelsOf } from "./colors.js";
export { iconButton, segmented, select, stepper, toggle } from "./controls.js";
export { h, uniqueId } from "./elements.js";
export { isChinese, t } from "./language.js";
export { loading } from "./loading.js";
export { mount } from "./mount.js";
export { numberCell } from "./number_cell.js";
export { axis, count, number, parseNumber, probability, spread } from "./numbers.js";
export { drawMap, legend } from "./pictures.js";
export { player } from "./player.js";
export { slider, wholeNumbers } from "./slider.js";
export { steer } from "./steer.js";
