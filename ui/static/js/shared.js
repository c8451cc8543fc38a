// A page opened by a link, whose token is in the fragment of the address: gets what the link leads to, and its script.
import { body, prepareWith, whenFilled } from "./fragment.js";
import { present, Problem } from "./http.js";
import { texts } from "./texts.js";

const token = location.hash.slice(1);

// Another link, opened in the same tab.
addEventListener("hashchange", () => location.reload());

if (token) {
  present(token);
  // Each of the two scripts watches the body on its own, so only the one of the page is loaded.
  prepareWith((html) => (html.includes("data-car-report") ? import("./summary.js") : import("./log.js"))
    .catch(() => { throw new Problem(texts.away, 0); }));
  whenFilled(() => {
    const title = body.querySelector("h1");
    if (title) document.title = `${title.textContent.replace(/\s+/g, " ").trim()} · faplog`;
  });
} else {
  delete body.dataset.pending;
  body.removeAttribute("aria-busy");
  body.replaceChildren(document.getElementById("incomplete").content.cloneNode(true));
}
