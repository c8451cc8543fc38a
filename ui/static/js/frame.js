// What is around a plot: its heading with a place for the values under the cursor, and a label that says it in words.
import { fill, number, texts } from "./texts.js";

// Says in words what a plot shows.
export function label(canvas, name, values, decimals, unit) {
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", fill(texts.plotLabel, { name, low: number(low, decimals), high: number(high, decimals), unit }));
}

// An empty plot at the end of `place`: its box, the place for values, and where to draw.
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
  // Where the keyboard is, the values are said aloud; the other plots, which follow, keep quiet.
  canvas.addEventListener("focus", () => note.setAttribute("aria-live", "polite"));
  canvas.addEventListener("blur", () => note.removeAttribute("aria-live"));
  box.append(head, canvas);
  place.append(box);
  return { box, note, canvas };
}

// Plots follow the width of their column, and the height that CSS gives them.
export function fit(plots) {
  for (const { u, canvas } of plots) {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width && (u.width !== width || u.height !== height)) u.setSize({ width, height });
  }
}

// The value at a place of joined channels: a channel that has none there still holds its last one.
export function held(values, at) {
  let near = at;
  while (near > 0 && values[near] === undefined) near -= 1;
  return values[near];
}

// A unit behind a number.
export const measured = (value, decimals, unit) => `${number(value, decimals)}${unit ? `\u202f${unit}` : ""}`;
