// Plots over time: one uPlot per quantity, with a shared cursor and zoom.
import { axis, clock, colours, css, fade, MILES, places, span, wall } from "./axes.js";
import { fit, frame, held, label, measured } from "./frame.js";
import { keys, selecting, touch } from "./gestures.js";
import { folding, gaps } from "./gaps.js";
import { number, texts } from "./texts.js";

const uPlot = window.uPlot;
const CONVERT = texts.imperial ? { "km/h": MILES, km: MILES } : {};

// The plots and their channels. `minor` ones are collapsed at first.
const PANELS = [
  { key: "soot", title: texts.soot, tall: true, channels: [["soot", texts.soot]], decimals: 1 },
  { key: "pressure", title: texts.pressure, channels: [["pressure", texts.pressure]], decimals: 0 },
  { key: "temp", title: texts.temperatures, tall: true, channels: [["temp", texts.temp], ["coolant", texts.coolant], ["oil", texts.oil]], decimals: 0 },
  { key: "speed", title: texts.speed, channels: [["speed", texts.speed]], decimals: 0 },
  { key: "revs", title: texts.revs, minor: true, channels: [["revs", texts.revs]], decimals: 0 },
  { key: "fuel", title: texts.fuel, minor: true, channels: [["fuel", texts.fuel]], decimals: 1 },
  { key: "boost", title: texts.boost, minor: true, channels: [["boost", texts.actual], ["boost_demand", texts.demand]], decimals: 0 },
  { key: "rail", title: texts.rail, minor: true, channels: [["rail", texts.actual], ["rail_demand", texts.demand]], decimals: 0 },
  { key: "egr", title: texts.egr, minor: true, channels: [["egr", texts.actual], ["egr_demand", texts.demand]], decimals: 0 },
];
const PAPER = { width: 640, height: 88 };
const SHORTEST = 10; // seconds; the smallest range of a plot
const PANEL_OF = { coolant: "temp", oil: "temp" };

// Converts a channel to the reader's units: [times, values].
function table(channel, start) {
  const factor = CONVERT[channel.unit] || 1;
  return [
    channel.t.map((second) => start + second),
    factor === 1 ? channel.v : channel.v.map((value) => (value === null ? null : value * factor)),
  ];
}

function shade(u, spans, colour) {
  u.ctx.save();
  u.ctx.fillStyle = colour;
  for (const [from, to] of spans) {
    const left = Math.max(u.valToPos(from, "x", true), u.bbox.left);
    const right = Math.min(u.valToPos(to, "x", true), u.bbox.left + u.bbox.width);
    if (right > left) u.ctx.fillRect(left, u.bbox.top, Math.max(right - left, 1), u.bbox.height);
  }
  u.ctx.restore();
}

// Draws all plots into `place`. Returns an object that controls them, or null if there is nothing to draw.
export function draw(place, more, series, onZoom) {
  const start = wall(series.start);
  const byName = new Map(series.channels.map((channel) => [channel.name, channel]));
  const regens = series.regens.map(({ from, to }) => [start + from, start + to]);
  const silent = gaps(series, start, Number(place.closest("[data-gap-sec]").dataset.gapSec));
  const times = series.channels.flatMap((channel) => [channel.t[0], channel.t.at(-1)]);
  const ends = [start + Math.min(...times), start + Math.max(...times)];
  const { fold, unfold } = folding(silent, ends);
  const whole = ends.map(fold);
  let view = [...whole];
  const panels = [];

  function zoom(from, to) {
    const width = Math.max(to - from, SHORTEST);
    const low = Math.max(whole[0], Math.min(from, whole[1] - SHORTEST));
    view = [low, Math.min(whole[1], low + width)];
    for (const { u } of panels) u.setScale("x", { min: view[0], max: view[1] });
    onZoom?.(view[0] > whole[0] + 1 || view[1] < whole[1] - 1);
  }
  const reset = () => zoom(...whole);

  for (const definition of PANELS) {
    const channels = definition.channels.filter(([name]) => byName.has(name)).map(([name, label]) => ({ ...byName.get(name), label }));
    if (channels.length) panels.push(panel(definition.minor ? more : place, definition, channels));
  }
  if (!panels.length) return null;

  function panel(where, definition, channels) {
    const unit = texts.units[channels[0].unit] ?? channels[0].unit;
    const { box, note, canvas } = frame(where, definition.title, { tall: definition.tall });
    box.dataset.panel = definition.key;
    canvas.tabIndex = 0;
    const tables = channels.map((channel) => table(channel, start)).map(([moments, values]) => [moments.map(fold), values]);
    const data = uPlot.join(tables);
    const known = tables.flatMap(([, values]) => values.filter((value) => value !== null));
    label(canvas, definition.title, known, definition.decimals, unit);
    const inks = colours();
    const options = {
      width: canvas.clientWidth || 300,
      height: canvas.clientHeight || 180,
      padding: [8, 6, 0, 0],
      legend: { show: false },
      scales: { x: { time: true, min: view[0], max: view[1] }, y: { range: (_u, min, max) => span(min, max) } },
      axes: [
        axis({ values: (_u, splits, _i, _space, increment) => splits.map((at) => clock(unfold(at), increment < 60)), space: 64, size: 28 }),
        axis({ size: 54, values: (_u, splits, _i, _space, increment) => splits.map((at) => number(at, places(increment))), space: 34 }),
      ],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      series: [{}, ...channels.map((channel, i) => ({ label: channel.label, stroke: inks[i], width: 1.75, dash: channel.name.endsWith("_demand") ? [5, 4] : [], points: { show: false }, fill: channels.length === 1 ? fade(inks[0]) : undefined }))],
      cursor: { sync: { key: "log", setSeries: false }, drag: { x: true, y: false, setScale: false, dist: 6 }, points: { size: 7 }, y: false },
      hooks: {
        drawClear: [(u) => { shade(u, silent.map((one) => one.map(fold)), css("--fl-gap-shade")); shade(u, regens.map((one) => one.map(fold)), css("--fl-regen")); }],
        setSelect: [selecting(zoom)],
        setCursor: [(u) => readout(u, note, channels, definition.decimals, unit, unfold)],
      },
    };
    const u = new uPlot(options, data, canvas);
    readout(u, note, channels, definition.decimals, unit, unfold);
    u.over.addEventListener("dblclick", reset);
    touch(u, () => view, zoom, reset);
    keys(canvas, u, () => view, zoom, reset);
    return { key: definition.key, title: definition.title, minor: definition.minor, unit, u, box, canvas };
  }

  const watcher = new ResizeObserver(() => fit(panels));
  watcher.observe(place);
  watcher.observe(more);

  // Printed plots are smaller, so that a report fits on one or two pages.
  const forPaper = () => { for (const { u } of panels) u.setSize(PAPER); };
  const forScreen = () => fit(panels);
  addEventListener("beforeprint", forPaper);
  addEventListener("afterprint", forScreen);

  return {
    panels,
    reset,
    // Zooms to a range of the log with some margin, and scrolls to the plot of a channel.
    jump(channel, from, to) {
      const found = panels.find(({ key }) => key === (PANEL_OF[channel] || channel)) || panels[0];
      const folded = found.box.closest("details");
      if (folded) folded.open = true;
      const [low, high] = [fold(from), fold(to)];
      const margin = Math.max((high - low) * 0.1, 20);
      zoom(low - margin, high + margin);
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      found.box.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "center" });
      found.box.classList.remove("is-found");
      requestAnimationFrame(() => found.box.classList.add("is-found"));
      found.canvas.focus({ preventScroll: true });
    },
    destroy() {
      removeEventListener("beforeprint", forPaper);
      removeEventListener("afterprint", forScreen);
      watcher.disconnect();
      panels.forEach(({ u }) => u.destroy());
      place.replaceChildren();
      more.replaceChildren();
    },
  };
}

// Shows the values at the cursor next to the title, or the unit without a cursor.
function readout(u, place, channels, decimals, unit, unfold) {
  const at = u.cursor.idx ?? null;
  const part = (name, ...content) => {
    const item = document.createElement("span");
    item.className = name;
    item.append(...content);
    return item;
  };
  const items = [part("", at === null ? unit : clock(unfold(u.data[0][at]), true))];
  channels.forEach((channel, i) => {
    const several = channels.length > 1;
    if (at === null && !several) return;
    const item = part(several ? `key is-${i + 1}` : "", several ? `${channel.label} ` : "");
    if (at !== null) {
      const value = document.createElement("b");
      value.textContent = measured(held(u.data[i + 1], at), decimals, unit);
      item.append(value);
    }
    items.push(item);
  });
  place.replaceChildren(...items);
}
