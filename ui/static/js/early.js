// Runs before the first paint. Holds clicks, input and submits until the page's scripts are loaded; app.js, which runs
// last, releases them. The load event also does, in case a script is missing.
(() => {
  const held = [];
  const types = ["click", "submit", "input", "change"];

  // Returns the element and the action to repeat, or nothing if the event works without a script.
  function again({ type, target, submitter }) {
    if (type === "click") {
      const button = target.closest("button[type=button]:not([popovertarget])");
      return button && [button, () => button.click()];
    }
    if (type === "submit") return target.hasAttribute("action") ? null : [target, () => target.requestSubmit(submitter)];
    return [target, () => target.dispatchEvent(new Event(type, { bubbles: true }))];
  }

  function hold(event) {
    const later = event.target instanceof Element && again(event);
    if (!later) return;
    event.stopImmediatePropagation();
    if (event.type === "submit") event.preventDefault();
    held.push(later);
  }

  for (const type of types) document.addEventListener(type, hold, true);
  window.releaseEarly = () => {
    for (const type of types) document.removeEventListener(type, hold, true);
    for (const [target, act] of held.splice(0)) if (target.isConnected) act();
  };
  addEventListener("load", window.releaseEarly);
})();
