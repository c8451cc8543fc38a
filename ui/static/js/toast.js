// A line at the bottom of the page with an action, gone after a while. Said aloud by screen readers.
const region = document.getElementById("toasts");

// Returns a function that takes the toast away.
export function toast(text, { action, onAction, seconds = 6 } = {}) {
  const box = document.createElement("div");
  box.className = "toast-f";
  const words = document.createElement("span");
  words.textContent = text;
  box.append(words);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm toast-action";
    button.textContent = action;
    button.addEventListener("click", () => { close(); onAction(); });
    box.append(button);
  }
  region.append(box);
  const timer = setTimeout(close, seconds * 1000);
  function close() {
    clearTimeout(timer);
    box.remove();
  }
  return close;
}
