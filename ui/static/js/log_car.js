// The car of a log without counters, confirmed or corrected.
import { attempt } from "./dialogs.js";
import { body, fill as refill } from "./fragment.js";
import { api, json } from "./http.js";
import { toast } from "./toast.js";

body.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-log-car]");
  if (!form) return;
  event.preventDefault();
  const { logCar, saved } = form.dataset;
  const path = `/analyses/${encodeURIComponent(logCar)}`;
  if (!await attempt(form, () => api(path, json("PATCH", { car: form.elements.car.value })))) return;
  await refill();
  toast(saved);
  document.getElementById("main").focus();
});
