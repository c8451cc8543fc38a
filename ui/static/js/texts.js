// Texts and number formats in the language of the page.
export const texts = JSON.parse(document.getElementById("texts").textContent);

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// A name and what is said of it, with the punctuation of the language.
export const pair = (name, text) => fill(texts.pair, { name, text });

const rules = new Intl.PluralRules(texts.lang);

// The text for a number: `forms` has one for each plural form of the language, with "other" for those not listed.
export function plural(forms, count) {
  return fill(forms[rules.select(count)] ?? forms.other, { count: number(count) });
}

const formats = new Map();

export function number(value, decimals = 0) {
  if (!formats.has(decimals)) {
    formats.set(decimals, new Intl.NumberFormat(texts.lang, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  }
  return value === null || value === undefined ? "–" : formats.get(decimals).format(value).replace("-", "−");
}
