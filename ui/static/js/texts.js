// The texts of the page's language, and numbers as that language writes them.
export const texts = JSON.parse(document.getElementById("texts").textContent);

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// The API's sentence about a file in the page's language, or as it is where it is not a usual one.
export function inWords(message) {
  for (const [pattern, text] of texts.reasons) {
    const found = new RegExp(pattern).exec(message);
    if (found) return fill(text, found.slice(1));
  }
  return message;
}

const formats = new Map();

export function number(value, decimals = 0) {
  if (!formats.has(decimals)) {
    formats.set(decimals, new Intl.NumberFormat(texts.lang, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  }
  return value === null || value === undefined ? "–" : formats.get(decimals).format(value);
}
