// The section of notifications on the account page: each channel on, off, changed and tested.
import { copyText } from "./dialogs.js";
import { inWords } from "./errors.js";
import { whenFilled } from "./fragment.js";
import { api, json, Problem } from "./http.js";
import { pair, texts } from "./texts.js";

const section = document.querySelector("[data-notifications]");
const ROOT = "/account/notifications";

const send = (path, method, content) => api(`${ROOT}${path}`, json(method, content));

// Shows why something failed in an alert.
function complain(alert, problem) {
  if (!(problem instanceof Problem)) throw problem;
  alert.textContent = problem.status ? problem.message : texts.away;
  alert.hidden = false;
}

// One channel: its form, and what its buttons do.
class Channel {
  constructor(details) {
    this.kind = details.dataset.channel;
    this.details = details;
    this.form = details.querySelector("form");
    this.alert = this.form.querySelector("[role=alert]");
    this.state = this.part("state");
    this.said = this.part("said");
    this.saveText = this.part("save").textContent;
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.attempt(() => this.save()); });
    this.on("test", async () => { await send(`/${this.kind}/test`, "POST"); this.say("sent"); });
    this.on("off", () => this.end());
    this.on("renew", () => this.save({ newSecret: true }));
    this.on("confirm", () => this.confirm());
    this.on("copy", () => this.copy());
    // Enter would press the first button that submits, which asks for another code and makes this one void.
    this.form.code?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.part("confirm").click();
    });
  }

  part(name) {
    return this.details.querySelector(`[data-${name}]`);
  }

  on(name, action) {
    this.form.querySelector(`button[data-${name}]`)?.addEventListener("click", () => this.attempt(action));
  }

  say(name) {
    this.said.textContent = this.said.dataset[name];
  }

  // Runs an action with the buttons disabled, and shows its error in the form.
  async attempt(action) {
    const focused = document.activeElement;
    this.alert.hidden = true;
    this.said.textContent = "";
    this.form.url?.removeAttribute("aria-invalid");
    this.busy(true);
    try {
      await action();
    } catch (problem) {
      complain(this.alert, problem);
      if (problem.status === 400 && this.form.url) this.form.url.setAttribute("aria-invalid", "true");
    } finally {
      this.busy(false);
      if (document.activeElement === document.body && !focused.hidden) focused.focus();
    }
  }

  busy(is) {
    this.form.setAttribute("aria-busy", String(is));
    this.form.querySelectorAll("button").forEach((button) => { button.disabled = is; });
  }

  // Shows a channel of the API; `channel` is undefined while it is off.
  show(channel, offered) {
    const on = Boolean(channel?.confirmed);
    const state = !offered ? "Unavailable" : on ? "On" : channel ? "Code" : "Off";
    this.state.textContent = this.state.dataset[`text${state}`];
    this.state.classList.toggle("is-on", on);
    this.form.hidden = !offered && !channel;
    this.part("save").textContent = { On: this.part("save").dataset.change, Code: this.part("save").dataset.mail }[state] ?? this.saveText;
    for (const name of ["test", "renew"]) if (this.part(name)) this.part(name).hidden = !on;
    this.form.querySelector("button[data-off]").hidden = !channel;
    if (this.part("code")) this.part("code").hidden = state !== "Code";
    if (channel) this.form.language.value = channel.language;
    if (channel && this.form.url) this.form.url.value = channel.url;
    this.shown = channel;
  }

  async save(more = {}) {
    const body = { language: this.form.language.value, ...more };
    if (this.form.url) body.url = this.form.url.value.trim();
    if (this.form.token?.value) body.token = this.form.token.value;
    const channel = await send(`/${this.kind}`, "PUT", body);
    if (this.form.token) this.form.token.value = "";
    this.show(channel, true);
    this.showSecret(channel.secret);
    this.say(channel.confirmed ? "saved" : "mailed");
    if (!channel.confirmed) this.form.code.value = "";
    if (!channel.confirmed || channel.secret) setTimeout(() => (channel.secret ? this.secret() : this.form.code).focus());
  }

  secret() {
    return this.part("secret").querySelector("input");
  }

  showSecret(secret) {
    if (!this.part("secret")) return;
    this.part("secret").hidden = !secret;
    this.secret().value = secret || "";
  }

  async confirm() {
    this.show(await send("/email/confirm", "POST", { code: this.form.code.value.trim() }), true);
    this.say("saved");
    setTimeout(() => this.part("test").focus());
  }

  async end() {
    await send(`/${this.kind}`, "DELETE");
    this.showSecret("");
    if (this.form.url) this.form.url.value = "";
    this.show(undefined, true);
    this.say("ended");
    setTimeout(() => this.part("save").focus());
  }

  async copy() {
    await copyText(this.secret());
    this.say("copied");
  }
}

const channels = [...section.querySelectorAll("[data-channel]")].map((details) => new Channel(details));
const failures = section.querySelector("[data-failures]");
const list = failures.querySelector("[data-list]");
const names = { webhook: list.dataset.nameWebhook, ntfy: list.dataset.nameNtfy, email: list.dataset.nameEmail };

function showFailures(given) {
  failures.hidden = !given.length;
  const moment = new Intl.DateTimeFormat(texts.lang, { dateStyle: "medium", timeStyle: "short" });
  list.replaceChildren(...given.map((failure) => {
    const item = document.createElement("li");
    const reason = failure.code ? inWords({ code: failure.code, params: failure.params, message: failure.code }) : list.dataset.never;
    item.textContent = `${moment.format(new Date(failure.createdAt))} · ${pair(names[failure.channel], reason)}`;
    return item;
  }));
}

let newest = 0;

// Loads and shows what is on. Once everything is shown, `kind` limits this to one channel: the others may be edited.
async function look(kind) {
  const alert = section.querySelector("[data-failed]");
  const mine = ++newest;
  alert.hidden = true;
  try {
    const found = await send("", "GET");
    if (mine !== newest) return;
    section.querySelector("[data-email]").textContent = found.email;
    for (const channel of channels) {
      if (kind && kind !== channel.kind && "ready" in section.dataset) continue;
      channel.show(found.channels.find((one) => one.kind === channel.kind), found.offered.includes(channel.kind));
    }
    showFailures(found.failures);
    section.dataset.ready = "";
  } catch (problem) {
    if (mine === newest) complain(alert, problem);
  } finally {
    section.removeAttribute("aria-busy");
  }
}

failures.querySelector("[data-clear]").addEventListener("click", async () => {
  const alert = section.querySelector("[data-failed]");
  alert.hidden = true;
  try {
    await send("/failures", "DELETE");
    showFailures([]);
    document.getElementById("notifications-title").scrollIntoView({ block: "nearest" });
    channels[0].details.querySelector("summary").focus();
  } catch (problem) {
    complain(alert, problem);
  }
});

look();

// E-mail is off until a new address is confirmed.
let address = null;
whenFilled((body) => {
  const shown = body.querySelector("[data-account-email]")?.dataset.accountEmail;
  if (!shown) return;
  if (address !== null && shown !== address) look("email");
  address = shown;
});
