// Elements, and ids for them. Text from the reader only ever becomes text nodes and values, never HTML.

/** An element: h("button", {class: "lw-button", onclick: f}, "text", child, ...). A property that
 *  is null, undefined or false is left out; `style` is an object; "svg:path" makes SVG. */
export function h(tag, props = {}, ...children) {
  const node = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [k, v] of Object.entries(value)) node.style.setProperty(k, v);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

let lastId = 0;

/** An id that no other element of the page has. */
export function uniqueId(prefix = "lw") {
  lastId += 1;
  return `${prefix}-${lastId}-${Math.random().toString(36).slice(2, 8)}`;
}
