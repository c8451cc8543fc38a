// Runs before the first paint: what a user clicks, types, chooses or submits before the page's scripts are there is
// held until they are. app.js, which runs last, releases it; so does the end of loading, if a script is missing.
(() => {
  const held = [];
  const types = ["click", "submit", "input", "change"];

  // What has to be done again for an event, on which element; nothing for what works without a script.
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
