// What went wrong, in the page's language: by its code, with the texts of `ui/errors.py`, which the page carries.
import { fill, number } from "./texts.js";

const texts = JSON.parse(document.getElementById("errors").textContent);

// A parameter as the reader writes it: a number, another error, or a name.
function shown(value) {
  if (typeof value === "number") return number(value);
  return value !== null && typeof value === "object" ? inWords(value) : value;
}

// An error of the API (`message`, `code`, `params`) in words; its message where the code has no text here. A plain
// text is said already: an earlier version of this page stored those.
export function inWords(error) {
  if (typeof error === "string") return error;
  const params = Object.fromEntries(Object.entries(error.params || {}).map(([name, value]) => [name, shown(value)]));
  const text = Object.hasOwn(texts, error.code) ? texts[error.code] : null;
  const complete = text !== null && (text.match(/\{\w+\}/g) || []).every((place) => Object.hasOwn(params, place.slice(1, -1)));
  return complete ? fill(text, params) : error.message || "";
}
