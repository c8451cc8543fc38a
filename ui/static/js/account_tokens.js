// The API tokens of the account page: listed, created and revoked.
import { attempt, closeBeside, complain, copyText } from "./dialogs.js";
import { load } from "./fragment.js";
import { api, json, Problem } from "./http.js";
import { fill } from "./texts.js";

const ADDRESS = "/account/tokens";
const section = document.getElementById("tokens");
const list = section.querySelector("[data-tokens]");
const said = section.querySelector("[data-tokens-said]");
const [open, revokeAll] = ["new", "revoke-all"].map((name) => section.querySelector(`[data-token-${name}]`));

const creation = document.getElementById("token-dialog");
const form = creation.querySelector("form");
const part = (name) => form.querySelector(`[data-token-${name}]`);
const [wanted, made, copied] = [part("wanted"), part("made"), part("said")];
const secret = document.getElementById("token-secret");

const revocation = document.getElementById("revoke-dialog");
const question = document.getElementById("revoke-title");
const consequence = question.nextElementSibling;
let asked = null; // the token to revoke, an empty text for all

// Loads the list, rendered by the server.
async function look() {
  list.setAttribute("aria-busy", "true");
  try {
    list.innerHTML = await load(ADDRESS);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    list.replaceChildren(section.querySelector("[data-tokens-away]").content.cloneNode(true));
  } finally {
    list.removeAttribute("aria-busy");
  }
  revokeAll.hidden = Number(list.querySelector("[data-count]")?.dataset.count || 0) < 2;
}

open.addEventListener("click", () => {
  form.reset();
  complain(creation, "");
  said.textContent = "";
  wanted.hidden = false;
  made.hidden = true;
  creation.showModal();
  form.elements.name.focus();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (wanted.hidden) return creation.close();
  const given = new FormData(form);
  const [name, scopes, days] = [given.get("name").trim(), given.getAll("scopes"), given.get("days")];
  if (!name) {
    complain(creation, form.dataset.needName);
    return form.elements.name.focus();
  }
  if (!scopes.length) {
    complain(creation, form.dataset.needScope);
    return form.elements.scopes[0].focus();
  }
  const succeeded = await attempt(creation, async () => {
    secret.value = (await api(ADDRESS, json("POST", { name, scopes, days: days ? Number(days) : null }))).token;
  });
  if (!succeeded) return form.elements.name.focus();
  wanted.hidden = true;
  made.hidden = false;
  copied.textContent = "";
  secret.focus();
  secret.select();
  return look();
});

part("copy").addEventListener("click", async () => {
  await copyText(secret);
  copied.textContent = copied.dataset.copied;
});

creation.addEventListener("close", () => { secret.value = ""; });
creation.addEventListener("click", (event) => {
  if (event.target.closest("[data-token-close]")) creation.close();
});
closeBeside(creation, () => made.hidden); // the secret is shown only once

section.addEventListener("click", (event) => {
  const one = event.target.closest("[data-token-revoke]");
  if (one || event.target.closest("[data-token-revoke-all]")) {
    asked = one ? one.dataset.tokenRevoke : "";
    question.textContent = one ? fill(question.dataset.one, { name: one.dataset.name }) : question.dataset.all;
    consequence.textContent = consequence.dataset[one ? "one" : "all"];
    complain(revocation, "");
    said.textContent = "";
    revocation.showModal();
  } else if (event.target.closest("[data-tokens-retry]")) {
    look();
  }
});

revocation.querySelector("[data-revoke]").addEventListener("click", async () => {
  const succeeded = await attempt(revocation, () => api(asked ? `${ADDRESS}/${asked}` : ADDRESS, { method: "DELETE" }));
  if (!succeeded) return look();
  revocation.close();
  await look();
  said.textContent = asked ? said.dataset.revoked : said.dataset.allRevoked;
  return open.focus(); // the button that was pressed is gone
});
revocation.addEventListener("click", (event) => {
  if (event.target.closest("[data-revoke-close]")) revocation.close();
});
closeBeside(revocation);

look();
