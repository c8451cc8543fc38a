// A short message at the bottom of the page with an optional action. Screen readers announce it.
const region = document.getElementById("toasts");
const LEAST_MS = 2000; // minimum remaining time after a pause

export const UNDO_SEC = 8; // how long a toast offers to undo something

// Returns a function that closes the toast. With `focused` the action gets the focus. The timer pauses while the toast
// has the focus or the pointer. Escape closes it and moves the focus to the element that `back` returns.
export function toast(text, { action, onAction, seconds = 6, focused = false, back } = {}) {
  const box = document.createElement("div");
  box.className = "toast-f";
  const words = document.createElement("span");
  words.textContent = text;
  box.append(words);
  region.append(box);

  let left = seconds * 1000;
  let began = 0;
  let timer = null;
  let hovered = false;
  let closed = false;

  function close() {
    closed = true;
    clearTimeout(timer);
    box.remove();
  }
  function run() {
    if (closed || timer !== null || hovered || box.contains(document.activeElement)) return;
    began = performance.now();
    timer = setTimeout(close, left);
  }
  function stop() {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    left = Math.max(LEAST_MS, left - (performance.now() - began));
  }
  box.addEventListener("pointerenter", () => { hovered = true; stop(); });
  box.addEventListener("pointerleave", () => { hovered = false; run(); });
  box.addEventListener("focusin", stop);
  box.addEventListener("focusout", run);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    close();
    (back?.() ?? document.getElementById("main")).focus();
  });

  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm toast-action";
    button.textContent = action;
    button.addEventListener("click", () => { close(); onAction(); });
    box.append(button);
    if (focused) button.focus();
  }
  run();
  return close;
}
