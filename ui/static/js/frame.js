// The frame of a plot: heading, values at the cursor, and a text alternative.
import { fill, number, texts } from "./texts.js";

// Shows a line in place of the plots; with `again` also a button that calls it.
export function sayInstead(place, text, again) {
  const line = document.createElement("p");
  line.className = "hint";
  line.textContent = `${text} `;
  if (again) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-quiet";
    button.textContent = texts.retry;
    button.addEventListener("click", again);
    line.append(button);
  }
  place.replaceChildren(line);
  place.removeAttribute("aria-busy");
}

// Sets the text alternative of a plot.
export function label(canvas, name, values, decimals, unit) {
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", fill(texts.plotLabel, { name, low: number(low, decimals), high: number(high, decimals), unit }));
}

// Appends an empty plot to `place`. Returns its box, the element for values and the drawing area.
export function frame(place, title, { tall = false } = {}) {
  const box = document.createElement("div");
  box.className = "plot";
  const head = document.createElement("h3");
  head.textContent = title;
  const note = document.createElement("small");
  note.className = "plot-readout";
  head.append(note);
  const canvas = document.createElement("div");
  canvas.className = `plot-canvas${tall ? " is-tall" : ""}`;
  // Screen readers announce only the values of the focused plot.
  canvas.addEventListener("focus", () => note.setAttribute("aria-live", "polite"));
  canvas.addEventListener("blur", () => note.removeAttribute("aria-live"));
  box.append(head, canvas);
  place.append(box);
  return { box, note, canvas };
}

// Fits plots to the width of their column and their height in CSS.
export function fit(plots) {
  for (const { u, canvas } of plots) {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width && (u.width !== width || u.height !== height)) u.setSize({ width, height });
  }
}

// The value at an index of joined channels, or the previous value of a channel without one there.
export function held(values, at) {
  let near = at;
  while (near > 0 && values[near] === undefined) near -= 1;
  return values[near];
}

// Formats a number with its unit.
export const measured = (value, decimals, unit) => `${number(value, decimals)}${unit ? `\u202f${unit}` : ""}`;
