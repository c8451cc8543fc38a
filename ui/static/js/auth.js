// Registration and login: sends the form to the API, then continues to the requested page.
import { csrf, Problem, renew, sendJson } from "./http.js";
import { texts } from "./texts.js";
import { startFor } from "./queue.js";

const form = document.querySelector("form[data-auth]");
const alert = form.querySelector(".alert-f");
const button = form.querySelector("button");

function complain(text, field) {
  alert.textContent = text;
  alert.hidden = false;
  for (const input of form.querySelectorAll("input")) input.removeAttribute("aria-invalid");
  if (field) {
    form[field].setAttribute("aria-invalid", "true");
    form[field].focus();
  }
}

async function post(path, body) {
  const response = await sendJson(path, "POST", body).catch(() => { throw new Problem(texts.away, 0); });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(answer.message || texts.away, response.status);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const email = form.email.value.trim();
  const password = form.password.value;
  const registering = form.dataset.auth === "register";
  if (!email) return complain(texts.needEmail, "email");
  if (!password) return complain(texts.needPassword, "password");
  if (registering && password.length < 8) return complain(texts.shortPassword, "password");
  alert.hidden = true;
  button.disabled = true;
  try {
    if (registering) await post("/auth/register", { email, password });
    await post("/auth/login", { email, password });
    await startFor(email);
    location.assign(form.dataset.target);
  } catch (problem) {
    const refused = /password/i.test(problem.message) ? texts.weakPassword : texts.wrongEmail;
    const own = { 400: refused, 401: texts.wrongLogin, 409: texts.taken, 429: texts.tooMany };
    complain(problem.status >= 500 ? texts.away : own[problem.status] || problem.message);
    button.disabled = false;
  }
});

// Links from other sites come without the session's cookies, so this user may still be logged in.
if (csrf()) renew().then((goesOn) => { if (goesOn) location.replace(form.dataset.target); }, () => {});
