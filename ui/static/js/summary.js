// The summary: trend plots whose points open a log, printing, and polling while averages are recalculated.
import { fade, FONT, palette, places, span, wall, writeOver } from "./axes.js";
import { body, fill as refill, load, poll, whenFilled } from "./fragment.js";
import { fit, label, measured } from "./frame.js";
import { points } from "./gestures.js";
import { preparePaper } from "./printing.js";
import { number, pair, texts } from "./texts.js";

const uPlot = window.uPlot;
const day = new Intl.DateTimeFormat(texts.lang, { day: "numeric", month: "short", timeZone: "UTC" });
const dayAndYear = new Intl.DateTimeFormat(texts.lang, { dateStyle: "medium", timeZone: "UTC" });
const DAY = 86400;
const STEPS = [1, 2, 3, 5, 7, 14, 30, 61, 91, 182, 365].map((count) => count * DAY);
const MOST_POINTS = 60; // more points would hide the line
const PAPER = { width: 218, height: 88 }; // three in a row
let drawn = [];
let stop = null;

// A range of at least two days, so that logs of a single day get a date label.
const days = (min, max) => (max - min < 2 * DAY ? [(min + max) / 2 - DAY, (min + max) / 2 + DAY] : [min, max]);

// The limits that are shown: those that are not further from the values than the values are from each other.
function inReach(limits, min, max) {
  const room = Math.max(max - min, Math.abs(max) * 0.05);
  return limits.filter(({ at }) => at >= min - room && at <= max + room);
}

// Draws the limits as dashed lines, and the work that was done as dotted lines with its name; from one after which the
// trend starts over, the line is whole.
function drawMarks(u, limits, notes, colours, scale) {
  const px = devicePixelRatio * scale;
  const { ctx, bbox } = u;
  ctx.save();
  ctx.lineWidth = 1.25 * px;
  for (const { at, severity } of limits) {
    if (at < u.scales.y.min || at > u.scales.y.max) continue;
    const y = u.valToPos(at, "y", true);
    ctx.strokeStyle = colours.severity[severity];
    ctx.setLineDash([6 * px, 4 * px]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.strokeStyle = ctx.fillStyle = colours.soft;
  ctx.font = `600 ${11 * px}px ${FONT}`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  const taken = []; // a name that would cover another one is left out, rather one after which the trend goes on
  for (const { at, name, resets } of [...notes].sort((one, other) => Number(other.resets) - Number(one.resets))) {
    const x = u.valToPos(at, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.setLineDash(resets ? [] : [2 * px, 3 * px]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(name).width + 8 * px;
    const left = x + width > bbox.left + bbox.width ? x - width : x;
    if (left < bbox.left || taken.some(([from, to]) => left < to && left + width > from)) continue;
    writeOver(ctx, name, left + 4 * px, bbox.top + 2 * px, { rim: colours.card, px });
    taken.push([left, left + width]);
  }
  ctx.restore();
}

const axis = (colours, scale, extra) => ({
  stroke: colours.soft, font: `${Math.round(12 * scale)}px ${FONT}`, gap: 5 * scale,
  grid: { stroke: colours.grid, width: scale }, ticks: { show: false }, ...extra,
});

function trend(box, chart) {
  const place = box.querySelector(".trend-plot");
  const head = box.querySelector("h4");
  const note = head.querySelector("small"); // on a separate line, so that the layout does not move
  note.textContent = chart.unit;
  const times = chart.dates.map((date) => wall(`${date.slice(0, 10)}T12:00:00`));
  const order = times.map((_, i) => i).sort((a, b) => times[a] - times[b]);
  const xs = order.map((i) => times[i]);
  for (let i = 1; i < xs.length; i += 1) if (xs[i] <= xs[i - 1]) xs[i] = xs[i - 1] + 600; // several logs on one day: place them side by side
  const ys = order.map((i) => chart.values[i]);
  if (xs.length === 1) {
    const link = document.createElement("a");
    link.className = "trend-one";
    link.textContent = measured(ys[0], chart.decimals, chart.unit);
    if (chart.ids[0]) link.href = `/logs/${chart.ids[0]}`;
    place.append(link);
    return;
  }
  const words = (at) => pair(dayAndYear.format(new Date(xs[at] * 1000)), measured(ys[at], chart.decimals, chart.unit));
  const open = (at) => { if (chart.ids[order[at]]) location.assign(`/logs/${chart.ids[order[at]]}`); };
  label(place, head.firstChild.textContent.trim(), ys, chart.decimals, chart.unit);
  const limits = inReach(chart.limits, Math.min(...ys), Math.max(...ys));
  const reach = limits.map(({ at }) => at);
  const notes = chart.notes.map((one) => ({ ...one, at: wall(`${one.date}T00:00:00`) }));
  if (notes.length) place.setAttribute("aria-label", `${place.getAttribute("aria-label")}. ${notes.map((one) => pair(dayAndYear.format(new Date(one.at * 1000)), one.name)).join("; ")}`);
  // `scale` enlarges text and lines, for paper.
  const options = ({ width, height, scale = 1, colours }) => ({
    width,
    height,
    padding: [8 * scale, 20 * scale, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true, range: (_u, min, max) => days(min, max) }, y: { range: (_u, min, max) => (min === null ? span(min, max) : span(Math.min(min, ...reach), Math.max(max, ...reach))) } },
    axes: [
      axis(colours, scale, { values: (_u, splits) => splits.map((at) => day.format(new Date(at * 1000))), incrs: STEPS, space: 60 * scale, size: 26 * scale }),
      axis(colours, scale, { values: (_u, splits, _i, _space, increment) => splits.map((at) => number(at, places(increment))), space: 30 * scale, size: 46 * scale }),
    ],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    series: [{}, {
      stroke: colours.inks[0],
      width: 1.75 * scale,
      fill: (self) => (self.scales.y.min === 0 ? fade(colours.inks[0]) : null),
      points: { show: xs.length <= MOST_POINTS, size: 6 * scale, fill: colours.inks[0] },
    }],
    hooks: { draw: [(self) => drawMarks(self, limits, notes, colours, scale)] },
  });
  const usual = options({ width: place.clientWidth, height: place.clientHeight, colours: palette(document.documentElement) });
  const u = new uPlot({
    ...usual,
    cursor: { drag: { x: false, y: false }, y: false },
    hooks: { ...usual.hooks, setCursor: [(self) => {
      const at = self.cursor.idx ?? null;
      note.textContent = at === null ? chart.unit : words(at);
    }] },
  }, [xs, ys], place);
  u.over.addEventListener("click", () => { if (u.cursor.idx !== null) open(u.cursor.idx); });
  points(place, u, words, open);
  drawn.push({ u, canvas: place, box, options });
}

function paint() {
  drawn.forEach(({ u }) => u.destroy());
  body.querySelectorAll(".trend-plot").forEach((place) => place.replaceChildren());
  drawn = [];
  const data = document.getElementById("trend-data");
  if (!data) return;
  const profiles = JSON.parse(data.textContent);
  for (const list of body.querySelectorAll("[data-trends]")) {
    const charts = profiles[Number(list.dataset.trends)];
    for (const box of list.querySelectorAll(".trend")) {
      trend(box, charts.find((chart) => chart.key === box.dataset.key));
    }
  }
  document.getElementById("trends").dataset.drawn = "";
}

const copy = ({ u, options }, look) => new uPlot(options(look), u.data, document.createElement("div"));
preparePaper(body, () => ({ panels: drawn, copy }), PAPER);
document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) print(); });
new ResizeObserver(() => fit(drawn)).observe(body);
new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

whenFilled(() => {
  paint();
  stop?.();
  stop = body.querySelector("[data-waiting]")
    ? poll(async () => {
      if ((await load(location.href)).includes("data-waiting")) return "same";
      const focused = body.contains(document.activeElement) ? document.activeElement.id : "";
      await refill();
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
      return "done";
    })
    : null;
});
