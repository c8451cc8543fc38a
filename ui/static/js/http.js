// Talking to the API: the CSRF token, one silent renewal of the session, and errors in words.
import { inWords } from "./errors.js";
import { texts } from "./texts.js";

export const API = "/api/v1";

// What hinders a request: in words, the status, and the error of the API (`message`, `code`, `params`) if there is one.
export class Problem extends Error {
  constructor(message, status, error = {}) {
    super(inWords(error) || message);
    this.status = status; // 0: no answer at all
    this.error = error;
  }
}

export function csrf() {
  const found = document.cookie.match(/(?:^|;\s*)(?:__Host-)?faplog_csrf=([^;]*)/);
  return found ? decodeURIComponent(found[1]) : "";
}

export function headers(method) {
  const safe = method === "GET" || method === "HEAD";
  return safe ? { Accept: "application/json" } : { Accept: "application/json", "Accept-Language": texts.lang, "X-CSRF-Token": csrf() };
}

let bearer = "";

// Sends the token of a shared link with each request from now on: in a header, so that it gets into no log of addresses.
export function present(token) {
  bearer = token;
}

let renewal = null;

// Renews the session, once for concurrent callers. Returns true if the session is still valid.
export function renew() {
  renewal ??= fetch(`${API}/auth/refresh`, { method: "POST", headers: headers("POST") })
    .then((response) => {
      if (response.status >= 500 || response.status === 429) throw new Problem(texts.away, response.status);
      return response.ok;
    }, () => { throw new Problem(texts.away, 0); })
    .finally(() => { renewal = null; });
  return renewal;
}

export function toLogin() {
  const next = location.pathname + location.search;
  location.replace(`/login?ended=1&next=${encodeURIComponent(next)}`);
  return new Promise(() => {}); // never resolves, because the page is being left
}

// fetch with the session. A 401 renews it once; if it has ended, the browser goes to the login page and comes back.
// Background requests (`quiet`) get the 401 instead.
export async function request(path, { method = "GET", quiet = false, ...options } = {}) {
  const send = () => fetch(path, { ...options, method, headers: { ...headers(method), ...(bearer && { Authorization: `Bearer ${bearer}` }), ...options.headers } })
    .catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Problem(texts.away, 0);
    });
  let response = await send();
  if (response.status === 401) {
    const goesOn = await renew();
    if (goesOn) response = await send();
    if (response.status === 401 && !quiet) return toLogin();
  }
  return response;
}

// A refused request as a Problem. Without an error in the body it came from a proxy on the way.
export async function refusal(response) {
  const error = await response.json().catch(() => null);
  return new Problem(texts.away, response.status, error?.message ? error : {});
}

// The JSON at a path of the API, or a Problem.
export async function api(path, options) {
  const response = await request(API + path, options);
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}

// The options of a request with JSON in its body; without a body if `content` is undefined.
export const json = (method, content) => (content === undefined
  ? { method }
  : { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) });

// Sends JSON as it is: a 401 is an answer here, and renews no session.
export function sendJson(path, method, content) {
  const options = json(method, content);
  return fetch(API + path, { ...options, headers: { ...headers(method), ...options.headers } });
}
