// Two logs over each other, by the distance driven or by the time since each began.
import { body, whenFilled } from "./fragment.js";
import { request } from "./http.js";
import { axis, colours, css, places, span } from "./plots.js";
import { fill, number, texts } from "./texts.js";

const uPlot = window.uPlot;
const PANELS = [["soot", texts.soot, 1], ["pressure", texts.pressure, 0], ["temp", texts.temp, 0], ["speed", texts.speed, 0], ["coolant", texts.coolant, 0], ["fuel", texts.fuel, 1], ["boost", texts.boost, 0]];
const KM = texts.imperial ? 1 / 1.609344 : 1;
const MINUTE = 60;
let drawn = [];

// How far the car had come at each second of a log: the speed's plot points, summed up.
function road(series) {
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

// [x, y] of a channel over distance or minutes; x rises strictly, as the plot library wants it.
function line(series, name, byDistance) {
  const channel = series.channels.find((one) => one.name === name);
  if (!channel) return [[], []];
  const factor = channel.unit === "km/h" ? KM : 1;
  const place = byDistance ? road(series) : (second) => second / MINUTE;
  if (!place) return [[], []];
  const [xs, ys] = [[], []];
  channel.t.forEach((second, i) => {
    const x = place(second);
    if (xs.length && x <= xs.at(-1)) return;
    xs.push(x);
    ys.push(channel.v[i] === null ? null : channel.v[i] * factor);
  });
  return [xs, ys];
}

function paint(section, both, byDistance) {
  drawn.forEach(({ u }) => u.destroy());
  drawn = [];
  const list = section.querySelector(".plot-list");
  list.replaceChildren();
  const inks = colours();
  const unitX = byDistance ? texts.units.km : "min";
  for (const [name, title, decimals] of PANELS) {
    const lines = both.map((series) => line(series, name, byDistance));
    if (!lines.some(([xs]) => xs.length)) continue;
    const channel = both.flatMap((series) => series.channels).find((one) => one.name === name);
    const unit = texts.units[channel.unit] ?? channel.unit;
    const box = document.createElement("div");
    box.className = "plot";
    const head = document.createElement("h3");
    head.textContent = title;
    const note = document.createElement("small");
    note.className = "plot-readout";
    note.textContent = unit;
    head.append(note);
    const canvas = document.createElement("div");
    canvas.className = "plot-canvas";
    canvas.setAttribute("role", "img");
    const known = lines.flatMap(([, ys]) => ys.filter((y) => y !== null));
    canvas.setAttribute("aria-label", fill(texts.plotLabel, { name: title, low: number(Math.min(...known), decimals), high: number(Math.max(...known), decimals), unit }));
    box.append(head, canvas);
    list.append(box);
    const u = new uPlot({
      width: canvas.clientWidth, height: canvas.clientHeight, padding: [8, 6, 0, 0], legend: { show: false },
      scales: { x: { time: false }, y: { range: (_u, min, max) => span(min, max) } },
      axes: [axis({ values: (_u, splits) => splits.map((at) => `${number(at, Number.isInteger(at) ? 0 : 1)}\u202f${unitX}`), space: 70, size: 28 }), axis({ size: 54, values: (_u, splits, _i, _s, increment) => splits.map((at) => number(at, places(increment))), space: 34 })],
      series: [{}, ...[0, 1].map((i) => ({ stroke: inks[i], width: 1.75, points: { show: false } }))],
      cursor: { sync: { key: "compare" }, y: false, drag: { x: true, y: false } },
      hooks: { setCursor: [(self) => {
        const at = self.cursor.idx;
        if (at === null || at === undefined) { note.textContent = unit; return; }
        const values = [1, 2].map((i) => { let near = at; while (near > 0 && self.data[i][near] === undefined) near -= 1; return number(self.data[i][near], decimals); });
        note.textContent = `${number(self.data[0][at], 1)}\u202f${unitX}: ${values.join(" | ")}\u202f${unit}`;
      }] },
    }, uPlot.join(lines.map(([xs, ys]) => [xs, ys])), canvas);
    drawn.push({ u, canvas });
  }
  list.removeAttribute("aria-busy");
  if (!drawn.length) {
    const none = document.createElement("p");
    none.className = "hint";
    none.textContent = texts.noPlots;
    list.append(none);
  }
  section.dataset.drawn = css("--fl-plot-1");
}

whenFilled(async () => {
  const form = body.querySelector(".chooser");
  form?.addEventListener("change", () => { if (form.a.value && form.b.value) form.requestSubmit(); });
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
  try {
    both = await Promise.all(JSON.parse(section.dataset.overlay).map(async (id) => {
      const response = await request(`/api/v1/analyses/${id}/series`);
      return response.ok ? response.json() : { channels: [] };
    }));
  } catch {
    section.querySelector(".plot-list").textContent = texts.plotsFailed;
    return;
  }
  show();
  new ResizeObserver(() => {
    for (const { u, canvas } of drawn) if (canvas.clientWidth && u.width !== canvas.clientWidth) u.setSize({ width: canvas.clientWidth, height: canvas.clientHeight });
  }).observe(section);
  new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
});
