// What a report of a log or a car looks like on paper: plots in light colours and a size of their own, advice unfolded,
// today's date.
import { lightPalette } from "./axes.js";
import { texts } from "./texts.js";

const SIZE = { width: 660, height: 104 };
const FINE = 2; // a plot is drawn larger, and shown smaller by the stylesheet, so that it is sharp on paper

// `current` returns the plots of the page, or null; `size` is that of each on paper.
export function preparePaper(body, current, size = SIZE) {
  let undo = [];
  addEventListener("beforeprint", () => {
    for (const details of body.querySelectorAll(".finding details:not([open])")) {
      details.open = true;
      undo.push(() => { details.open = false; });
    }
    for (const place of body.querySelectorAll("[data-printed]")) place.textContent = new Intl.DateTimeFormat(texts.lang, { dateStyle: "long" }).format(new Date());
    const plots = current();
    const colours = lightPalette();
    for (const panel of plots?.panels ?? []) {
      if (panel.minor) continue;
      const u = plots.copy(panel, { width: size.width * FINE, height: size.height * FINE, scale: FINE * 0.92, colours });
      const paper = document.createElement("div");
      paper.className = "plot-paper";
      paper.append(u.root);
      panel.box.append(paper);
      undo.push(() => { u.destroy(); paper.remove(); });
    }
  });
  addEventListener("afterprint", () => {
    undo.forEach((act) => act());
    undo = [];
  });
}
