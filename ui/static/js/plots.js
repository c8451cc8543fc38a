// Plots over time: one uPlot per quantity, with a shared cursor and zoom.
import { clock, fade, FONT, MILES, palette, places, span, wall, writeOver } from "./axes.js";
import { fit, frame, held, label, measured } from "./frame.js";
import { cursor, keys, selecting, touch } from "./gestures.js";
import { folding, gaps } from "./gaps.js";
import { number, pair, texts } from "./texts.js";
import { timeTicks } from "./ticks.js";

const uPlot = window.uPlot;
const CONVERT = texts.imperial ? { "km/h": MILES, km: MILES } : {};

// The plots and their channels. `minor` ones are collapsed at first.
const PANELS = [
  { key: "soot", title: texts.soot, tall: true, channels: [["soot", texts.soot]], decimals: 1 },
  { key: "pressure", title: texts.pressure, channels: [["pressure", texts.pressure]], decimals: 0 },
  { key: "temp", title: texts.filterTemp, channels: [["temp", texts.filterTemp]], decimals: 0 },
  { key: "coolant", title: texts.coolantAndOil, channels: [["coolant", texts.coolant], ["oil", texts.oil]], decimals: 0 },
  { key: "speed", title: texts.speed, channels: [["speed", texts.speed]], decimals: 0 },
  { key: "revs", title: texts.revs, minor: true, channels: [["revs", texts.revs]], decimals: 0 },
  { key: "fuel", title: texts.fuel, minor: true, channels: [["fuel", texts.fuel]], decimals: 1 },
  { key: "boost", title: texts.boost, minor: true, channels: [["boost", texts.actual], ["boost_demand", texts.demand]], decimals: 0 },
  { key: "rail", title: texts.rail, minor: true, channels: [["rail", texts.actual], ["rail_demand", texts.demand]], decimals: 0 },
  { key: "egr", title: texts.egr, minor: true, channels: [["egr", texts.actual], ["egr_demand", texts.demand]], decimals: 0 },
];
const SHORTEST = 10; // seconds; the smallest range of a plot
const MARGIN = 20; // seconds before and after what a finding is about
const REACH = 0.6; // a limit is shown if it is no further above the values than this share of their range
const PANEL_OF = { oil: "coolant" };

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

// Draws limits as dashed lines with their names, those that are within the scale: of the first channel at the right, of
// the second at the left. `names` returns the name of a limit, and shorter ones for where it has no room.
function rule(u, limits, colours, scale, names) {
  const px = scale * devicePixelRatio;
  const { ctx, bbox } = u;
  const shown = inReach(limits, u.series.slice(1).reduce((most, one) => Math.max(most, one.max ?? -Infinity), -Infinity))
    .filter(({ at }) => at > u.scales.y.min && at <= u.scales.y.max)
    .map((limit) => ({ ...limit, y: u.valToPos(limit.at, "y", true) }))
    .sort((a, b) => a.y - b.y);
  ctx.save();
  ctx.lineWidth = 1.25 * px;
  ctx.font = `600 ${11 * px}px ${FONT}`;
  ctx.setLineDash([6 * px, 4 * px]);
  for (const { y, severity } of shown) {
    ctx.strokeStyle = colours.severity[severity];
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  const taken = [];
  for (const limit of shown) {
    const fitting = names(limit).map((text) => ({ text, box: placed(limit, ctx.measureText(text).width, bbox, px, taken) })).find(({ box }) => box);
    if (!fitting) continue; // the line stays, without its name
    const { text, box } = fitting;
    taken.push(box);
    ctx.fillStyle = colours.severity[limit.severity];
    writeOver(ctx, text, box.left, box.top, { rim: colours.card, px });
  }
  ctx.restore();
}

// Where the name of a limit stands: above its line, or below it at the top of the plot and where another name is `taken`.
// Undefined if there is no room.
function placed({ y, second }, width, bbox, px, taken) {
  const height = 11 * px;
  const left = second ? bbox.left + 4 * px : bbox.left + bbox.width - 4 * px - width;
  if (width > bbox.width - 8 * px) return undefined;
  return [y - 3 * px - height, y + 3 * px]
    .filter((top) => top >= bbox.top && top + height <= bbox.top + bbox.height)
    .map((top) => ({ left, top, right: left + width, bottom: top + height }))
    .find((box) => taken.every((other) => box.left >= other.right || box.right <= other.left || box.top >= other.bottom || box.bottom <= other.top));
}

// The limits that are shown: one to act upon only once the one before it is reached.
const inReach = (limits, max) => limits.filter(({ severity, before }) => severity !== "act" || before === null || max >= before);

// The range of the values, with the limits in reach.
function withLimits(min, max, limits) {
  if (min === null) return span(min, max);
  const room = (max - Math.min(min, 0)) * REACH;
  const top = Math.max(max, ...inReach(limits, max).filter(({ at }) => at <= max + room).map(({ at }) => at));
  return span(min, top);
}

// Draws all plots into `place`, the minor ones into `more`. Returns an object that controls them, or null if there is
// nothing to draw. `limits` has the limits of each channel: [{ at, severity }].
export function draw(place, more, series, { gapSec, limits, onZoom }) {
  const start = wall(series.start);
  const byName = new Map(series.channels.map((channel) => [channel.name, channel]));
  const regens = series.regens.map(({ from, to }) => [start + from, start + to]);
  const silent = gaps(series, start, gapSec);
  const times = series.channels.flatMap((channel) => [channel.t[0], channel.t.at(-1)]);
  const ends = [start + Math.min(...times), start + Math.max(...times)];
  const folded = folding(silent, ends);
  const { fold, unfold } = folded;
  const whole = ends.map(fold);
  const [shadedGaps, shadedRegens] = [silent, regens].map((spans) => spans.map((one) => one.map(fold)));
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

  // The options of one plot. `scale` enlarges text and lines, for pictures and paper.
  function options({ channels, unit, lines }, { width, height, scale = 1, colours }) {
    const axis = (extra) => ({
      stroke: colours.soft, font: `${Math.round(12 * scale)}px ${FONT}`, gap: 5 * scale,
      grid: { stroke: colours.grid, width: scale }, ticks: { show: false }, ...extra,
    });
    const names = ({ at, severity, of }) => {
      const value = measured(at, 0, unit);
      const named = `${texts.severities[severity]} ${value}`;
      return channels.length > 1 ? [named, value].map((text) => pair(of, text)) : [named];
    };
    return {
      width,
      height,
      padding: [8 * scale, 6 * scale, 0, 0],
      legend: { show: false },
      scales: { x: { time: true, min: view[0], max: view[1] }, y: { range: (_u, min, max) => withLimits(min, max, lines) } },
      axes: [
        axis({
          splits: (u, _i, low, high) => timeTicks(low, high, u.bbox.width / devicePixelRatio, { apart: 64 * scale, edge: 22 * scale, folded }),
          values: (_u, splits) => {
            const fine = splits.some((at) => Math.round(unfold(at)) % 60);
            return splits.map((at) => clock(unfold(at) + 0.001, fine));
          },
          size: 28 * scale,
        }),
        axis({ size: 54 * scale, values: (_u, splits, _i, _space, increment) => splits.map((at) => number(at, places(increment))), space: 30 * scale }),
      ],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      series: [{}, ...channels.map((channel, i) => ({
        label: channel.label,
        stroke: colours.inks[i],
        width: 1.75 * scale,
        dash: channel.name.endsWith("_demand") ? [5 * scale, 4 * scale] : [],
        points: { show: false },
        // An area under a line is read as an amount, which it is only above zero.
        fill: (u) => (channels.length === 1 && u.scales.y.min === 0 ? fade(colours.inks[0]) : null),
      }))],
      cursor: { show: false },
      hooks: {
        drawClear: [(u) => { shade(u, shadedGaps, colours.gap); shade(u, shadedRegens, colours.regen); }],
        draw: [(u) => rule(u, lines, colours, scale, names)],
      },
    };
  }

  function panel(where, definition, channels) {
    const unit = texts.units[channels[0].unit] ?? channels[0].unit;
    const { box, note, canvas } = frame(where, definition.title, { tall: definition.tall });
    box.dataset.panel = definition.key;
    canvas.tabIndex = 0;
    const tables = channels.map((channel) => table(channel, start)).map(([moments, values]) => [moments.map(fold), values]);
    const data = uPlot.join(tables);
    label(canvas, definition.title, tables.flatMap(([, values]) => values.filter((value) => value !== null)), definition.decimals, unit);
    const lines = channels.flatMap((channel, i) => (limits[channel.name] || []).map((limit, n, all) => ({
      ...limit, of: channel.label, second: i > 0, before: n ? all[n - 1].at : null,
    })));
    const made = { ...definition, channels, unit, lines, data, box, canvas };
    const usual = options(made, { width: canvas.clientWidth || 300, height: canvas.clientHeight || 180, colours: palette(document.documentElement) });
    const u = new uPlot({
      ...usual,
      cursor: { ...cursor("log"), points: { size: 7 } },
      hooks: { ...usual.hooks, setSelect: [selecting(zoom)], setCursor: [(self) => readout(self, note, channels, definition.decimals, unit, unfold)] },
    }, data, canvas);
    readout(u, note, channels, definition.decimals, unit, unfold);
    u.over.addEventListener("dblclick", reset);
    touch(u, () => view, zoom, reset);
    keys(canvas, u, () => view, zoom, reset);
    return { ...made, u };
  }

  const watcher = new ResizeObserver(() => fit(panels));
  watcher.observe(place);
  watcher.observe(more);

  const panelOf = (channel) => panels.find(({ key }) => key === (PANEL_OF[channel] || channel));

  return {
    panels,
    reset,
    shaded: { regen: regens.length > 0, gap: silent.length > 0 },
    // A copy of a plot, as it is zoomed, of another size and look. Its canvas is complete after the current task.
    copy: (one, look) => new uPlot(options(one, look), one.data, document.createElement("div")),
    // Whether the plot of a channel has a value in a range of the log.
    shows(channel, from, to) {
      const values = byName.get(channel);
      return Boolean(panelOf(channel) && values?.t.some((second, i) => values.v[i] !== null && start + second >= from - MARGIN && start + second <= to + MARGIN));
    },
    // Zooms to a range of the log with some margin, and scrolls to the plot of a channel.
    jump(channel, from, to) {
      const found = panelOf(channel) || panels[0];
      const folder = found.box.closest("details");
      if (folder) folder.open = true;
      const [low, high] = [fold(from), fold(to)];
      const margin = Math.max((high - low) * 0.1, MARGIN);
      zoom(low - margin, high + margin);
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      found.box.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "center" });
      found.box.classList.remove("is-found");
      requestAnimationFrame(() => found.box.classList.add("is-found"));
      found.canvas.focus({ preventScroll: true });
    },
    destroy() {
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
