// What all plots share: colours from the stylesheet, axes, times, and how far a scale reaches.
import { texts } from "./texts.js";

export const MILES = 1 / 1.609344; // in a kilometre

export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const colours = () => ["--fl-plot-1", "--fl-plot-2", "--fl-plot-3"].map(css);

// Wall-clock seconds, kept as if they were UTC: a log has no time zone, and none shall be added to it.
export const wall = (iso) => Date.parse(`${iso.replace(/(\.\d{3})\d*$/, "$1")}${/(Z|[+-]\d\d:\d\d)$/.test(iso) ? "" : "Z"}`) / 1000;

const clocks = [{ hour: "2-digit", minute: "2-digit" }, { hour: "2-digit", minute: "2-digit", second: "2-digit" }]
  .map((options) => new Intl.DateTimeFormat(texts.lang, { ...options, hourCycle: "h23", timeZone: "UTC" }));
export const clock = (seconds, fine = false) => clocks[fine ? 1 : 0].format(new Date(seconds * 1000));

export const axis = (extra) => ({
  stroke: css("--fl-soft"), font: "12px system-ui, sans-serif",
  grid: { stroke: css("--fl-plot-grid"), width: 1 }, ticks: { show: false }, ...extra,
});

// Decimals that tell the marks of an axis apart.
export function places(increment) {
  let decimals = 0;
  while (decimals < 4 && Math.abs(increment * 10 ** decimals - Math.round(increment * 10 ** decimals)) > 1e-6) decimals += 1;
  return decimals;
}

export function fade(colour) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  return `rgba(${r},${g},${b},.1)`;
}

// From where to where a scale reaches: from nought where that is near, and never below it for what never is.
export function span(min, max) {
  if (min === null || max === null) return [0, 1];
  if (min === max) return min >= 0 ? [Math.max(0, min - 1), min + 1] : [min - 1, max + 1];
  const margin = (max - min) * 0.08;
  return [min >= 0 && min < (max - min) ? 0 : min - margin, max + margin];
}
