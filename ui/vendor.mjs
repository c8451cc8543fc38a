// Copies what the pages use from the locked npm packages to static/vendor: two stylesheets, the plot library, and the
// icons we use as one SVG sprite. Run by `make ui`, and in the image, after `npm ci`.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "node_modules");
const target = join(here, "static", "vendor");

const files = [
  ["bootstrap/dist/css/bootstrap.min.css", "bootstrap.css"],
  ["uplot/dist/uPlot.min.css", "uplot.css"],
  ["uplot/dist/uPlot.iife.min.js", "uplot.js"],
];

const icons = readFileSync(join(here, "icons.txt"), "utf8").split("\n").filter(Boolean);

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const [from, to] of files) {
  // Source maps are not shipped, so a comment that names one would make every browser with its tools open ask for it.
  const text = readFileSync(join(packages, from), "utf8").replace(/\/[*/]# sourceMappingURL=.*$/m, "");
  writeFileSync(join(target, to), text);
}
const symbols = icons.map((name) => {
  const svg = readFileSync(join(packages, "bootstrap-icons", "icons", `${name}.svg`), "utf8");
  return svg
    .replace(/<svg[^>]*viewBox="([^"]+)"[^>]*>/, `<symbol id="${name}" viewBox="$1" overflow="visible">`)
    .replace("</svg>", "</symbol>")
    .replace(/\n\s*/g, "");
});
writeFileSync(join(target, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
for (const name of ["bootstrap", "bootstrap-icons", "uplot"]) {
  copyFileSync(join(packages, name, "LICENSE"), join(target, `${name}.LICENSE.txt`));
}
