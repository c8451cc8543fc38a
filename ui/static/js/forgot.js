// Asks for a link to set a new password. Where no mail is sent there is no form.
import { post, whenSubmitted } from "./credentials.js";

const form = document.querySelector("form[data-forgot]");
if (form) whenSubmitted(form, async (values) => {
  await post("/auth/password-reset", values);
  const sent = document.querySelector("[data-sent]");
  form.hidden = true;
  sent.hidden = false;
  sent.focus();
});
