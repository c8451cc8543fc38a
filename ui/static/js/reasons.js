// Why a file was refused, in the page's language: the table of `ui/reasons.py`, which the upload page carries.
import { fill, number, texts } from "./texts.js";

const table = JSON.parse(document.getElementById("reasons").textContent).map(([pattern, ...rest]) => [new RegExp(pattern), ...rest]);
const OF_THE_FILE = [400, 413, 415, 422];

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

// Whether the API said that it refused the file itself: sent again it would be refused again.
export function isFinal({ status, message }) {
  return OF_THE_FILE.includes(status) && message !== texts.away && !table.some(([pattern, , mayHelp]) => mayHelp && pattern.test(message));
}
