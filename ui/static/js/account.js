// The account page: change address and password, end sessions and links, log out, delete the account.
import { whenSubmitted } from "./credentials.js";
import { closeBeside, held } from "./dialogs.js";
import { fill, whenFilled } from "./fragment.js";
import { api, API, json, Problem, refusal, request, sendJson } from "./http.js";
import { clear, rename } from "./queue.js";
import { texts } from "./texts.js";
import { toast } from "./toast.js";

whenFilled((body) => {
  for (const change of body.querySelectorAll("form[data-change]")) {
    whenSubmitted(change, async (values) => {
      await api(change.dataset.change, json("POST", values));
      if (values.email) await rename(values.email);
      toast(values.email ? texts.emailChanged : texts.passwordChanged);
      await fill();
      body.querySelector(`form[data-change="${change.dataset.change}"]`)?.closest("details").querySelector("summary").focus({ preventScroll: true });
    });
  }
  for (const button of body.querySelectorAll("[data-end]")) {
    button.addEventListener("click", async () => {
      const title = button.closest("section").getAttribute("aria-labelledby");
      button.disabled = true;
      try {
        await api(button.dataset.end, { method: "DELETE" });
        toast(button.dataset.said ?? ("all" in button.dataset ? texts.sessionsEnded : texts.sessionEnded));
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        toast(problem.message);
      }
      await fill();
      document.getElementById(title)?.focus({ preventScroll: true }); // the button is gone
    });
  }
});

document.querySelector("[data-logout]").addEventListener("click", async () => {
  try {
    const response = await request(`${API}/auth/logout`, { method: "POST", quiet: true });
    if (!response.ok && response.status !== 401) throw await refusal(response); // 401: it has ended already
    await clear();
    location.assign("/about");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    toast(problem.message);
  }
});

const dialog = document.getElementById("delete-dialog");
const form = dialog.querySelector("form");
const alert = form.querySelector(".alert-f");
document.querySelector("[data-open]").addEventListener("click", () => { form.reset(); alert.hidden = true; dialog.showModal(); });
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
closeBeside(dialog);

function complain(text) {
  alert.textContent = text;
  alert.hidden = false;
  form.password.focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!form.password.value) return complain(texts.needPassword);
  return held(dialog, async () => {
    try {
      // A wrong password is also a 401, so renew the session first.
      await request(`${API}/analyses?limit=1`);
      const response = await sendJson("/account", "DELETE", { password: form.password.value });
      if (response.ok) {
        await clear();
        return location.assign("/about");
      }
      complain((await refusal(response)).message);
    } catch (problem) {
      complain(problem instanceof Problem ? problem.message : texts.away);
    }
    return undefined;
  });
});
