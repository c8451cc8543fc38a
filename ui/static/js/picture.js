// Renders all plots of a log into one PNG.
import { css } from "./axes.js";

export function picture(panels, title) {
  const ratio = devicePixelRatio || 1;
  const [line, gap] = [22 * ratio, 14 * ratio];
  const width = Math.max(...panels.map(({ u }) => u.ctx.canvas.width)) + 2 * gap;
  const height = panels.reduce((sum, { u }) => sum + u.ctx.canvas.height + line + gap, 2 * line + gap);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = css("--fl-card");
  ctx.fillRect(0, 0, width, height);
  ctx.fillStyle = css("--fl-ink");
  ctx.font = `600 ${15 * ratio}px system-ui, sans-serif`;
  ctx.fillText(title, gap, line + gap / 2);
  let y = 2 * line;
  for (const { u, title: name, unit } of panels) {
    ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
    ctx.fillText(unit ? `${name} (${unit})` : name, gap, y + line / 2);
    ctx.drawImage(u.ctx.canvas, gap, y + line);
    y += u.ctx.canvas.height + line + gap;
  }
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}
