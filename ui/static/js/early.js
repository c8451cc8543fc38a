// Runs before the first paint. Holds clicks, input and submits until the page's scripts are loaded; app.js, which runs
// last, releases them. The load event also does, in case a script is missing.
(() => {
  const held = [];
  const types = ["click", "submit", "input", "change"];

  // Returns the element and the action to repeat, or nothing if the event works without a script.
  function again({ type, target, submitter }) {
    if (type === "click") {
      const clicked = target.closest("button[type=button]:not([popovertarget]), a[data-download]");
      return clicked && [clicked, () => clicked.click()];
    }
    if (type === "submit") return target.hasAttribute("action") ? null : [target, () => target.requestSubmit(submitter)];
    return [target, () => target.dispatchEvent(new Event(type, { bubbles: true }))];
  }

  function hold(event) {
    const later = event.target instanceof Element && again(event);
    if (!later) return;
    event.stopImmediatePropagation();
    if (event.type === "submit" || later[0].matches("a")) event.preventDefault();
    held.push(later);
  }

  for (const type of types) document.addEventListener(type, hold, true);
  window.releaseEarly = () => {
    for (const type of types) document.removeEventListener(type, hold, true);
    for (const [target, act] of held.splice(0)) if (target.isConnected) act();
  };
  addEventListener("load", window.releaseEarly);

  // A redirect without a fragment keeps that of the form's action: after a change of language the address is the same.
  document.addEventListener("submit", ({ target }) => {
    if (target.id === "preferences") target.setAttribute("action", target.getAttribute("action").split("#")[0] + location.hash);
  }, true);

  // Where the fragment is the key of the page, links within the page must not replace it.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && "secretFragment" in document.documentElement.dataset && event.target.closest("a[href^='#']");
    if (!link) return;
    event.preventDefault();
    const place = document.getElementById(link.getAttribute("href").slice(1));
    if (!place) return;
    if (place.tabIndex < 0) place.tabIndex = -1;
    place.focus({ preventScroll: true });
    place.scrollIntoView();
  }, true);
})();
