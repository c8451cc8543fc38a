// Why a file was refused, in the page's language: the table of `ui/reasons.py`, which the upload page carries.
import { fill, number } from "./texts.js";

const table = JSON.parse(document.getElementById("reasons").textContent).map(([pattern, text]) => [new RegExp(pattern), text]);

// A number as the reader writes it, a sentence within the sentence, or a name.
const part = (text) => (/^[\d,]*\d$/.test(text) ? number(Number(text.replaceAll(",", ""))) : inWords(text));

// The API's sentence in the page's language, or as it is where it is a new one.
export function inWords(message) {
  for (const [pattern, text] of table) {
    const found = pattern.exec(message);
    if (found) return fill(text, found.slice(1).map(part));
  }
  return message;
}
