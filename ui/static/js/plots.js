// Plots over time: one uPlot a quantity, all with one cursor and one zoom; mouse, touch and keyboard.
import { fill, number, texts } from "./texts.js";

const uPlot = window.uPlot;
const MILES = 1 / 1.609344;
const CONVERT = texts.imperial ? { "km/h": MILES, km: MILES } : {};

// What is drawn together: channels in one colour each, and their unit. `minor` ones are folded away.
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
const PAPER = { width: 640, height: 105 };
const PANEL_OF = { coolant: "temp", oil: "temp" };

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
export const places = (increment) => (Number.isInteger(increment) ? 0 : Number.isInteger(Math.round(increment * 1000) / 100) ? 1 : 2);

// A channel in the reader's units: [times, values].
export function table(channel, start) {
  const factor = CONVERT[channel.unit] || 1;
  return [
    channel.t.map((second) => start + second),
    factor === 1 ? channel.v : channel.v.map((value) => (value === null ? null : value * factor)),
  ];
}

// Where the log says nothing for more than ten seconds: [from, to] pairs.
function gaps(series, start) {
  const densest = series.channels.reduce((best, one) => (one.t.length > (best?.t.length || 0) ? one : best), null);
  if (!densest) return [];
  const found = [];
  densest.v.forEach((value, i) => {
    if (value !== null || i === 0 || i === densest.t.length - 1) return;
    const [from, to] = [densest.t[i - 1], densest.t[i + 1]];
    if (to - from > 10) found.push([start + from, start + to]);
  });
  return found;
}

// Long silences take little room: hours in a car park would squeeze the drives before and after them. `fold` leads from
// a moment to its place on the axis, `unfold` back.
function folding(silences, whole) {
  const quiet = silences.filter(([from, to]) => to - from > 120).sort((a, b) => a[0] - b[0]);
  const driven = whole[1] - whole[0] - quiet.reduce((sum, [from, to]) => sum + to - from, 0);
  const room = Math.min(120, Math.max(20, driven * 0.025));
  const fold = (moment) => quiet.reduce((at, [from, to]) => {
    if (moment <= from) return at;
    return at - Math.min(1, (moment - from) / (to - from)) * (to - from - room);
  }, moment);
  const unfold = (at) => {
    let moment = at;
    for (const [from, to] of quiet) {
      if (moment <= from) break;
      moment = moment < from + room ? from + ((moment - from) / room) * (to - from) : moment + (to - from - room);
    }
    return moment;
  };
  return { fold, unfold };
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

// Draws all panels into `place`; answers with what the page may do with them, or null if there is nothing to draw.
export function draw(place, more, series, onZoom) {
  const start = wall(series.start);
  const byName = new Map(series.channels.map((channel) => [channel.name, channel]));
  const regens = series.regens.map(({ from, to }) => [start + from, start + to]);
  const silent = gaps(series, start);
  const times = series.channels.flatMap((channel) => [channel.t[0], channel.t.at(-1)]);
  const ends = [start + Math.min(...times), start + Math.max(...times)];
  const { fold, unfold } = folding(silent, ends);
  const whole = ends.map(fold);
  let view = [...whole];
  const panels = [];

  function zoom(from, to) {
    const span = Math.max(to - from, 10);
    const low = Math.max(whole[0], Math.min(from, whole[1] - 10));
    view = [low, Math.min(whole[1], low + span)];
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
    const box = document.createElement("div");
    box.className = "plot";
    box.dataset.panel = definition.key;
    const title = document.createElement("h3");
    title.textContent = definition.title;
    const small = document.createElement("small");
    small.className = "plot-readout";
    title.append(small);
    const canvas = document.createElement("div");
    canvas.className = `plot-canvas${definition.tall ? " is-tall" : ""}`;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    box.append(title, canvas);
    where.append(box);

    const tables = channels.map((channel) => table(channel, start)).map(([moments, values]) => [moments.map(fold), values]);
    const data = uPlot.join(tables);
    const known = tables.flatMap(([, values]) => values.filter((value) => value !== null));
    const [low, high] = known.length ? known.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]) : [0, 0];
    canvas.setAttribute("aria-label", fill(texts.plotLabel, { name: definition.title, low: number(low, definition.decimals), high: number(high, definition.decimals), unit }));
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
        setSelect: [(u) => {
          if (u.select.width < 6) return;
          zoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
          u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        }],
        setCursor: [(u) => readout(u, small, channels, definition.decimals, unit, unfold)],
      },
    };
    const u = new uPlot(options, data, canvas);
    readout(u, small, channels, definition.decimals, unit, unfold);
    u.over.addEventListener("dblclick", reset);
    touch(u, () => view, zoom, reset);
    keys(canvas, u, () => view, zoom, reset);
    return { key: definition.key, title: definition.title, unit, u, box, canvas };
  }

  // The plots follow the width of their column, and the height that CSS gives them.
  const watcher = new ResizeObserver(() => {
    for (const { u, canvas } of panels) {
      if (canvas.clientWidth && (u.width !== canvas.clientWidth || u.height !== canvas.clientHeight)) u.setSize({ width: canvas.clientWidth, height: canvas.clientHeight });
    }
  });
  watcher.observe(place);
  watcher.observe(more);

  // On paper the plots are narrower and flatter, so that a report takes one or two pages.
  const forPaper = () => { for (const { u } of panels) u.setSize(PAPER); };
  const forScreen = () => { for (const { u, canvas } of panels) u.setSize({ width: canvas.clientWidth, height: canvas.clientHeight }); };
  addEventListener("beforeprint", forPaper);
  addEventListener("afterprint", forScreen);

  return {
    panels,
    reset,
    // Shows a stretch of the log in the panel of a channel, with a little of what was around it.
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

export function fade(colour) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  return `rgba(${r},${g},${b},.1)`;
}

export function span(min, max) {
  if (min === null || max === null) return [0, 1];
  if (min === max) return [min - 1, max + 1];
  const margin = (max - min) * 0.08;
  return [min >= 0 && min < (max - min) ? 0 : min - margin, max + margin];
}

// The values under the cursor, beside the title; without a cursor the units alone. Held values count: the last one known.
function readout(u, place, channels, decimals, unit, unfold) {
  const at = u.cursor.idx;
  place.replaceChildren();
  if (at !== null && at !== undefined) {
    const when = document.createElement("span");
    when.textContent = clock(unfold(u.data[0][at]), true);
    place.append(when);
  }
  channels.forEach((channel, i) => {
    const item = document.createElement("span");
    if (channels.length > 1) item.className = `key is-${i + 1}`;
    if (channels.length > 1) item.append(`${channel.label} `);
    if (at !== null && at !== undefined) {
      let near = at;
      while (near > 0 && u.data[i + 1][near] === undefined) near -= 1;
      const value = document.createElement("b");
      value.textContent = `${number(u.data[i + 1][near], decimals)}\u202f${unit}`;
      item.append(value);
    } else if (channels.length === 1 || i === channels.length - 1) item.append(unit);
    place.append(item);
  });
}

// One finger reads values off (up and down still scrolls the page), two fingers zoom and move, a double tap shows all.
function touch(u, view, zoom, reset) {
  const fingers = new Map();
  let last = 0;
  let grip = null;
  const place = (event) => event.clientX - u.over.getBoundingClientRect().left;
  u.over.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    fingers.set(event.pointerId, place(event));
    if (fingers.size === 2) grip = { at: [...fingers.values()], view: [...view()] };
    if (fingers.size === 1) {
      if (event.timeStamp - last < 300) reset();
      last = event.timeStamp;
      u.setCursor({ left: place(event), top: 10 }, true, true);
    }
  });
  u.over.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, place(event));
    if (fingers.size === 2 && grip) {
      const [a, b] = [...fingers.values()];
      const seconds = (grip.view[1] - grip.view[0]) / u.over.clientWidth;
      const stretch = Math.abs(grip.at[1] - grip.at[0]) / Math.max(Math.abs(b - a), 10);
      const middle = grip.view[0] + ((grip.at[0] + grip.at[1]) / 2) * seconds;
      const width = (grip.view[1] - grip.view[0]) * stretch;
      const from = middle - (((a + b) / 2) / u.over.clientWidth) * width;
      zoom(from, from + width);
    } else if (fingers.size === 1) u.setCursor({ left: place(event), top: 10 }, true, true);
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
    u.over.addEventListener(name, (event) => { fingers.delete(event.pointerId); grip = null; });
  }
}

function keys(canvas, u, view, zoom, reset) {
  canvas.addEventListener("keydown", (event) => {
    const width = u.over.clientWidth;
    const left = u.cursor.left >= 0 ? u.cursor.left : width / 2;
    const [from, to] = view();
    const at = u.posToVal(left, "x");
    const step = (event.shiftKey ? 0.1 : 0.01) * width;
    const around = (factor) => zoom(at - (at - from) * factor, at + (to - at) * factor);
    const acts = {
      ArrowLeft: () => u.setCursor({ left: Math.max(0, left - step), top: 10 }, true, true),
      ArrowRight: () => u.setCursor({ left: Math.min(width, left + step), top: 10 }, true, true),
      "+": () => around(0.6),
      "=": () => around(0.6),
      "-": () => around(1 / 0.6),
      Escape: reset,
    };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    acts[event.key]();
  });
}

// All panels below each other as one picture.
export function picture(panels, title) {
  const ratio = devicePixelRatio || 1;
  const [line, gap] = [22 * ratio, 14 * ratio];
  const width = Math.max(...panels.map(({ u }) => u.ctx.canvas.width)) + 2 * gap;
  const height = panels.reduce((sum, { u }) => sum + u.ctx.canvas.height + line + gap, 2 * line + gap);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = css("--fl-card");
  ctx.fillRect(0, 0, width, height);
  ctx.fillStyle = css("--fl-ink");
  ctx.font = `600 ${15 * ratio}px system-ui, sans-serif`;
  ctx.fillText(title, gap, line + gap / 2);
  let y = 2 * line;
  for (const { u, title: name, unit } of panels) {
    ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
    ctx.fillText(unit ? `${name} (${unit})` : name, gap, y + line / 2);
    ctx.drawImage(u.ctx.canvas, gap, y + line);
    y += u.ctx.canvas.height + line + gap;
  }
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}
