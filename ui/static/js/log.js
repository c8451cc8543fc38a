// The report of a log: plots, links into plots, exports, printing, and polling while it is being analysed.
import { wall } from "./axes.js";
import { remove, restore } from "./deletion.js";
import { body, fill as refill, poll, load, whenFilled } from "./fragment.js";
import { sayInstead } from "./frame.js";
import { request } from "./http.js";
import { picture } from "./picture.js";
import { draw } from "./plots.js";
import { preparePaper } from "./printing.js";
import { fill, texts } from "./texts.js";

let plots = null;
let stop = null;
let paint = () => {};
let wanted = null; // a jump asked for before the plots were there
preparePaper(body, () => plots);
new MutationObserver(() => paint()).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

// The points: those in the page of a trial, else those of the log. Null if they could not be loaded.
async function seriesOf(section) {
  const given = document.getElementById("series");
  if (given) return JSON.parse(given.textContent);
  try {
    const response = await request(section.dataset.plots);
    return response.ok ? await response.json() : null;
  } catch {
    return null; // shown with a retry button
  }
}

async function plot(section) {
  const list = section.querySelector(".plot-list");
  const more = section.querySelector(".plot-list-more");
  const tools = section.querySelector(".plot-tools");
  const hint = section.querySelector(".plot-hint");
  const whole = section.querySelector("[data-zoom-out]");
  const say = (text, again) => {
    sayInstead(list, text, again && (() => plot(section)));
    hint.hidden = true; // there is no plot to control
  };
  const series = await seriesOf(section);
  list.removeAttribute("aria-busy");
  if (!series) return say(texts.plotsFailed, true);
  if (!series.channels.length) {
    offerJumps();
    return say(texts.noPlots, false);
  }
  paint = () => {
    plots?.destroy();
    list.replaceChildren();
    plots = draw(list, more, series, {
      gapSec: Number(section.dataset.gapSec),
      limits: JSON.parse(section.dataset.limits),
      onZoom: (zoomed) => { whole.disabled = !zoomed; },
    });
    const folded = plots?.panels.filter(({ minor }) => minor).map(({ title }) => title).join(", ");
    more.parentElement.hidden = !folded;
    more.parentElement.querySelector("summary").textContent = fill(texts.morePlots, { names: folded });
    if (plots) tools.hidden = hint.hidden = false;
    else say(texts.noPlots, false);
  };
  paint();
  whole.onclick = () => plots.reset();
  offerJumps();
  if (wanted?.isConnected && !wanted.hidden && !wanted.disabled) plots.jump(...target(wanted));
  wanted = null;
  section.dataset.drawn = "";
  return undefined;
}

// What a button shows: the channel, and from when to when.
const target = ({ dataset }) => [dataset.jump, wall(dataset.from), wall(dataset.to)];

// Takes away the buttons whose plot would show nothing. Those that also say when a drive was stay, without a function.
function offerJumps() {
  for (const button of body.querySelectorAll("[data-jump]")) {
    const empty = !plots?.shows(...target(button));
    if (button.classList.contains("link")) button.disabled = empty;
    else button.hidden = empty;
  }
}

const line = (element) => element?.textContent.replace(/\s+/g, " ").trim() ?? "";

// What stands above the plots in their picture.
function head(report) {
  return {
    title: line(report.querySelector("h1")),
    sub: [...report.querySelectorAll(".report-sub > span")].map(line).join(" · "),
    verdict: line(report.querySelector("#verdict")),
    meaning: [report.querySelector(".verdict p"), ...report.querySelectorAll(".finding h3")].map(line).join(" · "),
    severity: report.dataset.verdict,
    service: `faplog · ${location.host}`,
  };
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// Shows the report again after a restore.
async function shown() {
  await refill();
  document.getElementById("main").focus();
}

body.addEventListener("click", async (event) => {
  const report = body.querySelector("[data-report]");
  const name = report?.dataset.name.replace(/\.csv$/i, "") || "log";
  const button = event.target.closest("button");
  if (!button) return;
  if ("jump" in button.dataset) {
    if (plots) plots.jump(...target(button));
    else wanted = button;
  }
  if ("print" in button.dataset) print();
  if ("json" in button.dataset) save(new Blob([JSON.stringify(JSON.parse(document.getElementById("analysis").textContent), null, 2)], { type: "application/json" }), `${name}.json`);
  if ("png" in button.dataset && plots) save(await picture(plots, head(report)), `${name}.png`);
  if ("delete" in button.dataset && await remove(button.dataset.delete, button.dataset.name, { restored: shown })) await refill();
  if ("restore" in button.dataset) {
    if (await restore(button.dataset.restore, button.dataset.name)) await shown();
    else await refill();
  }
});

whenFilled(() => {
  stop?.();
  const title = body.querySelector("h1");
  if (title) document.title = `${title.textContent.trim()} · faplog`;
  const section = body.querySelector("[data-plots]");
  if (section && !("drawn" in section.dataset)) plot(section);
  if (body.querySelector("[data-waiting]")) {
    stop = poll(async () => {
      const html = await load(location.href);
      if (html.includes("data-waiting")) return "same";
      await refill();
      return "done";
    });
  }
});
