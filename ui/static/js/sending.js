// Uploads one file: checks, progress, and session renewal.
import { API, csrf, Problem, renew, toLogin } from "./http.js";
import { texts } from "./texts.js";

const { maxBytes, mayHelpToRepeat } = document.querySelector("[data-max-bytes]").dataset;
const REPEATABLE = new Set(mayHelpToRepeat.split(" "));
const OF_THE_FILE = [400, 413, 415, 422];

export const percent = new Intl.NumberFormat(texts.lang, { style: "percent" });
const inUnit = (unit, digits) => new Intl.NumberFormat(texts.lang, { style: "unit", unit, maximumFractionDigits: digits });
const [kilobytes, megabytes] = [inUnit("kilobyte", 0), inUnit("megabyte", 1)];
export const size = (bytes) => (bytes < 1e6 ? kilobytes.format(bytes && Math.max(bytes, 1e3) / 1e3) : megabytes.format(bytes / 1e6));

const tooLarge = () => ({ code: "UPLOAD_TOO_LARGE", params: { max_mb: maxBytes / (1024 * 1024) } });

// Why a file need not be sent at all; null where it may.
export function wrongWith(file) {
  if (!/\.(csv|zip)$/i.test(file.name)) return { code: "FILE_TYPE_UNKNOWN" };
  if (file.size === 0) return { code: "UPLOAD_EMPTY" };
  return file.size > maxBytes ? tooLarge() : null;
}

// Whether the API refused the file itself: sent again it would be refused again.
export function isFinal({ status, error }) {
  return OF_THE_FILE.includes(status) && Boolean(error.code) && !REPEATABLE.has(error.code);
}

// Sends a file once, for a car if one is named. XMLHttpRequest, because fetch does not report upload progress. Throws a
// Problem without an answer, and the reason of the `signal` once that ends the request.
export function send(path, file, onPercent, car, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const asked = new XMLHttpRequest();
    asked.open("POST", API + path);
    asked.setRequestHeader("Accept", "application/json");
    asked.setRequestHeader("X-CSRF-Token", csrf());
    asked.responseType = "json";
    asked.upload.onprogress = (event) => onPercent(event.total ? (100 * event.loaded) / event.total : 0);
    asked.onload = () => resolve({ status: asked.status, body: asked.response || {}, retryAfter: Number(asked.getResponseHeader("Retry-After")) });
    asked.onerror = asked.ontimeout = () => reject(new Problem(texts.away, 0));
    signal?.addEventListener("abort", () => { asked.abort(); reject(signal.reason); });
    const data = new FormData();
    if (car) data.append("car", car);
    data.append("file", file, file.name);
    asked.send(data);
  });
}

// The answer of the API to a file, or a Problem. The edge in front of it refuses by a status alone.
export async function post(file, onPercent, car, signal) {
  let answer = await send("/analyses", file, onPercent, car, signal);
  if (answer.status === 401) {
    if (!(await renew())) await toLogin();
    answer = await send("/analyses", file, onPercent, car, signal);
    if (answer.status === 401) await toLogin();
  }
  if (answer.status !== 202) throw new Problem(texts.away, answer.status, answer.body.code || answer.status !== 413 ? answer.body : tooLarge());
  return answer.body;
}
