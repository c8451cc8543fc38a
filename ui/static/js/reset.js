// Sets a new password with the token in the fragment of the address, which browsers send to no server.
import { post, whenSubmitted } from "./credentials.js";

const form = document.querySelector("form[data-reset]");
const incomplete = document.querySelector("[data-no-token]");

function show() {
  const token = location.hash.slice(1);
  form.hidden = !token;
  incomplete.hidden = Boolean(token);
}

addEventListener("hashchange", show);
show();
whenSubmitted(form, async ({ password }) => {
  await post("/auth/password-reset/confirm", { token: location.hash.slice(1), password });
  location.replace("/login?changed=1");
});
