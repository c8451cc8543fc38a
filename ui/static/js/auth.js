// Registration and login: sends the form to the API, then continues to the requested page.
import { inWords } from "./errors.js";
import { csrf, Problem, refusal, renew, sendJson } from "./http.js";
import { texts } from "./texts.js";
import { plain, startFor } from "./queue.js";

const form = document.querySelector("form[data-auth]");
const alert = form.querySelector(".alert-f");
const button = form.querySelector("button");

// The token of an invite is in the fragment of the address, which browsers send to no server.
const invite = () => location.hash.slice(1);

function showInvite() {
  const notice = document.querySelector("[data-needs-invite]");
  if (notice) notice.hidden = Boolean(invite());
  form.hidden = Boolean(notice) && !invite();
  form.querySelector("[data-invited]").hidden = !invite();
}

if (form.dataset.auth === "register") {
  addEventListener("hashchange", showInvite);
  showInvite();
}

// What is wrong with a field, in words.
const badEmail = () => inWords({ code: "EMAIL_INVALID" });
const badLength = () => inWords({ code: "PASSWORD_LENGTH", params: { min_chars: form.password.minLength, max_chars: form.password.maxLength } });

// Why the API refused the form. Where it names a field of a login, there can be no such account.
function reason(problem, registering) {
  if (problem.error.code !== "INVALID_INPUT") return problem.message;
  if (!registering) return inWords({ code: "CREDENTIALS_WRONG" });
  const badInvite = () => inWords({ code: "INVITE_INVALID" });
  return { email: badEmail, password: badLength, invite: badInvite }[problem.error.params.field]?.() || problem.message;
}

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
  if (!response.ok) throw await refusal(response);
}

let created = null; // the address of the account that this page has created; its login may have failed

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const email = form.email.value.trim();
  const password = form.password.value;
  const registering = form.dataset.auth === "register";
  if (!email) return complain(texts.needEmail, "email");
  if (!password) return complain(texts.needPassword, "password");
  if (registering && password.length < form.password.minLength) return complain(badLength(), "password");
  alert.hidden = true;
  button.disabled = true;
  try {
    if (registering && created !== plain(email)) {
      await post("/auth/register", { email, password, ...(invite() ? { invite: invite() } : {}) });
      created = plain(email);
    }
    await post("/auth/login", { email, password });
    await startFor(email);
    location.assign(form.dataset.target);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    complain(reason(problem, registering && created !== plain(email)));
    button.disabled = false;
    if (document.activeElement === document.body) button.focus({ preventScroll: true }); // lost when it was disabled
  }
});

// Links from other sites come without the session's cookies, so this user may still be logged in.
if (csrf()) renew().then((goesOn) => { if (goesOn) location.replace(form.dataset.target); }, () => {});
