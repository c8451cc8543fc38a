// The account's cars as options of a list to choose from.
import { load } from "./fragment.js";
import { Problem } from "./http.js";

// Returns the options; none if they cannot be loaded.
export async function carOptions() {
  const list = document.createElement("template");
  try {
    list.innerHTML = await load("/cars/choices");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return [];
  }
  return [...list.content.querySelectorAll("option")];
}
