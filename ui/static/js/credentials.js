// Forms with an e-mail address or a password: checks before sending, the answer of the API in words, one alert a form.
import { withoutButtons } from "./dialogs.js";
import { inWords } from "./errors.js";
import { Problem, refusal, sendJson } from "./http.js";
import { texts } from "./texts.js";

const badEmail = () => inWords({ code: "EMAIL_INVALID" });
const badLength = (input) => inWords({ code: "PASSWORD_LENGTH", params: { min_chars: input.minLength, max_chars: input.maxLength } });

export function complain(form, text, input) {
  const alert = form.querySelector(".alert-f");
  alert.textContent = text;
  alert.hidden = false;
  for (const one of form.querySelectorAll("input")) one.removeAttribute("aria-invalid");
  if (input) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }
}

// Returns the first input that cannot be right and what to say of it, or null.
function wrongInput(form) {
  for (const input of form.querySelectorAll("input[required]")) {
    if (input.type === "email" && !input.value.trim()) return [input, texts.needEmail];
    if (input.type === "password" && !input.value) return [input, texts.needPassword];
    if (input.minLength > 0 && input.value.length < input.minLength) return [input, badLength(input)];
  }
  return null;
}

// Why the API refused the form: a field it names is said in the words of that field.
function reason(problem, form) {
  if (problem.error.code !== "INVALID_INPUT") return problem.message;
  const input = form.querySelector(`[name="${CSS.escape(String(problem.error.params.field))}"]`);
  if (input?.type === "email") return badEmail();
  if (input?.minLength > 0) return badLength(input);
  return input?.type === "password" ? inWords({ code: "PASSWORD_WRONG" }) : problem.message;
}

export async function post(path, body) {
  const response = await sendJson(path, "POST", body).catch(() => { throw new Problem(texts.away, 0); });
  if (!response.ok) throw await refusal(response);
}

// Sends the form with `send(values)` when it is submitted; a second click waits for the first one's end.
export function whenSubmitted(form, send) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = wrongInput(form);
    if (wrong) return complain(form, wrong[1], wrong[0]);
    form.querySelector(".alert-f").hidden = true;
    const values = Object.fromEntries([...form.querySelectorAll("input[name]")].map((input) => [input.name, input.type === "email" ? input.value.trim() : input.value]));
    try {
      await withoutButtons(form, () => send(values));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      complain(form, reason(problem, form));
    }
    return undefined;
  });
}
