// Shared by all plots: colours from the stylesheet, axes, times and the range of a scale.
import { texts } from "./texts.js";

export const MILES = texts.milesPerKm;
export const FONT = "system-ui, sans-serif"; // that of the stylesheet

export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const colours = () => ["--fl-plot-1", "--fl-plot-2", "--fl-plot-3"].map(css);

// The colours of a plot of a log, as an element has them: paper and pictures are light in the dark theme too.
export function palette(element) {
  const style = getComputedStyle(element);
  const colour = (name) => style.getPropertyValue(`--fl-${name}`).trim();
  return {
    inks: ["plot-1", "plot-2", "plot-3"].map(colour),
    severity: { watch: colour("watch"), act: colour("act"), good: colour("good"), unknown: colour("unknown") },
    ink: colour("ink"), soft: colour("soft"), grid: colour("plot-grid"), card: colour("card"), regen: colour("regen"), gap: colour("gap-shade"),
  };
}

// The light palette, whatever the theme.
export function lightPalette() {
  const probe = document.createElement("div");
  probe.dataset.bsTheme = "light";
  probe.hidden = true;
  document.body.append(probe);
  const found = palette(probe);
  probe.remove();
  return found;
}

// Wall-clock seconds treated as UTC, because logs have no time zone.
export const wall = (iso) => Date.parse(`${iso.replace(/(\.\d{3})\d*$/, "$1")}${/(Z|[+-]\d\d:\d\d)$/.test(iso) ? "" : "Z"}`) / 1000;

const clocks = [{ hour: "2-digit", minute: "2-digit" }, { hour: "2-digit", minute: "2-digit", second: "2-digit" }]
  .map((options) => new Intl.DateTimeFormat(texts.lang, { ...options, hourCycle: "h23", timeZone: "UTC" }));
export const clock = (seconds, fine = false) => clocks[fine ? 1 : 0].format(new Date(seconds * 1000));

export const axis = (extra) => ({
  stroke: css("--fl-soft"), font: "12px system-ui, sans-serif",
  grid: { stroke: css("--fl-plot-grid"), width: 1 }, ticks: { show: false }, ...extra,
});

// Number of decimals that makes the labels of an axis distinct.
export function places(increment) {
  let decimals = 0;
  while (decimals < 4 && Math.abs(increment * 10 ** decimals - Math.round(increment * 10 ** decimals)) > 1e-6) decimals += 1;
  return decimals;
}

export function fade(colour) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  return `rgba(${r},${g},${b},.1)`;
}

// Writes a text over lines that are drawn already: a rim in the colour of the ground keeps them from running through it.
export function writeOver(ctx, text, x, y, { rim, px }) {
  ctx.save();
  ctx.setLineDash([]);
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * px;
  ctx.strokeStyle = rim;
  ctx.strokeText(text, x, y);
  ctx.restore();
  ctx.fillText(text, x, y);
}

// The range of a scale: starts at 0 if the values are close to it, and is never negative for non-negative values.
export function span(min, max) {
  if (min === null || max === null) return [0, 1];
  if (min === max) return min >= 0 ? [Math.max(0, min - 1), min + 1] : [min - 1, max + 1];
  const margin = (max - min) * 0.08;
  return [min >= 0 && min < (max - min) ? 0 : min - margin, max + margin];
}
