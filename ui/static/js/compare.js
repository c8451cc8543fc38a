// Overlay of two logs, by distance driven or by time since the start.
import { body, whenFilled } from "./fragment.js";
import { API, Problem, request } from "./http.js";
import { axis, colours, MILES, places, span } from "./axes.js";
import { fit, frame, held, label, measured, sayInstead } from "./frame.js";
import { cursor, keys, selecting, touch } from "./gestures.js";
import { number, pair, texts } from "./texts.js";

const uPlot = window.uPlot;
const PANELS = [
  ["soot", texts.soot, 1],
  ["pressure", texts.pressure, 0],
  ["temp", texts.filterTemp, 0],
  ["speed", texts.speed, 0],
  ["coolant", texts.coolant, 0],
  ["fuel", texts.fuel, 1],
  ["boost", texts.boost, 0],
]; // channel, title, decimals
const KM = texts.imperial ? MILES : 1;
const MINUTE = 60;
let drawn = [];

// Returns a function from seconds to the distance driven, integrated from the plot points of the speed.
function distanceAt(series) {
  const speed = series.channels.find((channel) => channel.name === "speed");
  if (!speed) return null;
  const km = [0];
  for (let i = 1; i < speed.t.length; i += 1) {
    const [a, b] = [speed.v[i - 1], speed.v[i]];
    km.push(km[i - 1] + (a === null || b === null ? 0 : ((a + b) / 2) * ((speed.t[i] - speed.t[i - 1]) / 3600)));
  }
  let at = 0;
  return (second) => {
    if (at >= speed.t.length || speed.t[at] > second) at = 0;
    while (at + 1 < speed.t.length && speed.t[at + 1] <= second) at += 1;
    if (at + 1 >= speed.t.length) return km.at(-1) * KM;
    const share = Math.max(0, (second - speed.t[at]) / (speed.t[at + 1] - speed.t[at]));
    return (km[at] + share * (km[at + 1] - km[at])) * KM;
  };
}

// [x, y] of a channel over distance or minutes; x is strictly increasing, as uPlot requires.
function line(series, name, byDistance) {
  const channel = series.channels.find((one) => one.name === name);
  if (!channel) return [[], []];
  const factor = channel.unit === "km/h" ? KM : 1;
  const position = byDistance ? distanceAt(series) : (second) => second / MINUTE;
  if (!position) return [[], []];
  const [xs, ys] = [[], []];
  channel.t.forEach((second, i) => {
    const x = position(second);
    if (xs.length && x <= xs.at(-1)) return;
    xs.push(x);
    ys.push(channel.v[i] === null ? null : channel.v[i] * factor);
  });
  return [xs, ys];
}

// The x range that covers both logs in all plots.
function whole() {
  const ends = drawn.flatMap(({ u }) => [u.data[0][0], u.data[0].at(-1)]);
  return [Math.min(...ends), Math.max(...ends)];
}

// Zooms all plots to a range, at least 1 % of the whole.
function zoom(from, to) {
  const [first, last] = whole();
  const least = (last - first) / 100;
  const low = Math.max(first, Math.min(from, last - least));
  const high = Math.min(last, Math.max(to, low + least));
  for (const { u } of drawn) u.setScale("x", { min: low, max: high });
}

// Draws one quantity of both logs in one plot.
function panel(list, title, decimals, unit, lines, byDistance) {
  const { note, canvas } = frame(list, title);
  label(canvas, title, lines.flatMap(([, ys]) => ys.filter((y) => y !== null)), decimals, unit);
  const unitX = byDistance ? texts.units.km : "min";
  const inks = colours();
  const readout = (u) => {
    const at = u.cursor.idx ?? null;
    const values = () => [1, 2].map((i) => number(held(u.data[i], at), decimals)).join(" | ");
    note.textContent = at === null ? unit : pair(measured(u.data[0][at], 1, unitX), `${values()}\u202f${unit}`);
  };
  const u = new uPlot({
    width: canvas.clientWidth,
    height: canvas.clientHeight,
    padding: [8, 24, 0, 0],
    legend: { show: false },
    scales: { x: { time: false }, y: { range: (_u, min, max) => span(min, max) } },
    axes: [
      axis({ values: (_u, splits) => splits.map((at) => measured(at, Number.isInteger(at) ? 0 : 1, unitX)), space: 70, size: 28 }),
      axis({ values: (_u, splits, _i, _space, increment) => splits.map((at) => number(at, places(increment))), space: 34, size: 54 }),
    ],
    series: [{}, ...[0, 1].map((i) => ({ stroke: inks[i], width: 1.75, points: { show: false } }))],
    cursor: cursor("compare"),
    hooks: {
      setCursor: [readout],
      setSelect: [selecting(zoom)],
    },
  }, uPlot.join(lines), canvas);
  readout(u);
  canvas.tabIndex = 0;
  const view = () => [u.scales.x.min, u.scales.x.max];
  u.over.addEventListener("dblclick", () => zoom(...whole()));
  touch(u, view, zoom, () => zoom(...whole()));
  keys(canvas, u, view, zoom, () => zoom(...whole()));
  return { u, canvas };
}

function paint(section, both, byDistance) {
  drawn.forEach(({ u }) => u.destroy());
  const list = section.querySelector(".plot-list");
  list.replaceChildren();
  drawn = PANELS.flatMap(([name, title, decimals]) => {
    const lines = both.map((series) => line(series, name, byDistance));
    if (!lines.some(([xs]) => xs.length)) return [];
    const { unit } = both.flatMap((series) => series.channels).find((channel) => channel.name === name);
    return [panel(list, title, decimals, texts.units[unit] ?? unit, lines, byDistance)];
  });
  list.removeAttribute("aria-busy");
  if (drawn.length) zoom(...whole());
  else sayInstead(list, texts.noPlots);
  section.dataset.drawn = "";
}

// The plot points of a log; no channels if it has none. Throws a Problem if they could not be loaded.
async function seriesOf(id) {
  const response = await request(`${API}/analyses/${id}/series`);
  if (response.ok) return response.json();
  if (response.status === 404) return { channels: [] };
  throw new Problem(texts.plotsFailed, response.status);
}

whenFilled(() => {
  const section = body.querySelector("[data-overlay]");
  if (!section) return;
  let byDistance = true;
  let both = null;
  const show = () => both && paint(section, both, byDistance);
  for (const button of section.querySelectorAll("[data-axis]")) {
    button.addEventListener("click", () => {
      byDistance = button.dataset.axis === "distance";
      for (const other of section.querySelectorAll("[data-axis]")) other.setAttribute("aria-pressed", String(other === button));
      show();
    });
  }
  const [list, hint] = [".plot-list", ".plot-hint"].map((name) => section.querySelector(name));
  async function start() {
    list.setAttribute("aria-busy", "true");
    try {
      both = await Promise.all(JSON.parse(section.dataset.overlay).map(seriesOf));
      show();
    } catch {
      sayInstead(list, texts.plotsFailed, start);
    }
    hint.hidden = !both; // without plots there is nothing to control
  }
  start();
  new ResizeObserver(() => fit(drawn)).observe(section);
  new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
});
