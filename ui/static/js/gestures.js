// Mouse, touch and keyboard control of plots.

const touched = new WeakMap(); // when each plot was last touched

// The cursor of a plot: shared by all with this key, without a horizontal line, and selecting by a drag of six pixels. A finger
// that is lifted "moves" a mouse that rests elsewhere, which must not clear the values.
export const cursor = (key) => ({
  bind: {
    mouseleave: (u, over, handle) => (event) => (event.timeStamp - (touched.get(u) ?? -Infinity) < 1000 ? null : handle(event)),
  },
  sync: { key, setSeries: false },
  drag: { x: true, y: false, setScale: false, dist: 6 },
  y: false,
});

// One finger reads values (vertical movement still scrolls), two fingers zoom and move, a double tap resets the zoom.
export function touch(u, view, zoom, reset) {
  const fingers = new Map();
  let last = 0;
  let grip = null;
  const place = (event) => event.clientX - u.over.getBoundingClientRect().left;
  u.over.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    touched.set(u, event.timeStamp);
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

// Arrow keys move the cursor (faster with Shift), + and − zoom around it, Escape resets the zoom.
export function keys(canvas, u, view, zoom, reset) {
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

// uPlot hook: zooms into a range selected with the mouse and clears the selection.
export const selecting = (zoom) => (u) => {
  const { left, width } = u.select;
  if (width < 6) return;
  zoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
  u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
};

// Arrow keys move between points (by ten with Shift), Home and End to the first and last, Enter opens, Escape leaves.
// For screen readers this is a slider; `words` describes a point.
export function points(place, u, words, open) {
  const last = u.data[0].length - 1;
  const say = (at) => {
    place.setAttribute("aria-valuenow", at + 1);
    place.setAttribute("aria-valuetext", words(at));
  };
  const show = (at) => {
    u.setCursor({ left: u.valToPos(u.data[0][at], "x"), top: 10 });
    say(at);
  };
  const leave = () => u.setCursor({ left: -10, top: -10 });
  Object.entries({ role: "slider", "aria-valuemin": 1, "aria-valuemax": last + 1 }).forEach(([name, value]) => place.setAttribute(name, value));
  place.tabIndex = 0;
  say(last);
  place.onfocus = () => { if (place.matches(":focus-visible")) show(last); };
  place.onblur = leave;
  place.onkeydown = (event) => {
    const at = u.cursor.idx ?? last;
    const step = event.shiftKey ? 10 : 1;
    const acts = {
      ArrowLeft: () => show(Math.max(0, at - step)),
      ArrowRight: () => show(Math.min(last, at + step)),
      Home: () => show(0),
      End: () => show(last),
      Enter: () => open(at),
      Escape: leave,
    };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    acts[event.key]();
  };
}
