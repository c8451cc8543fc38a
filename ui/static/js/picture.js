// One PNG of all plots of a log: of the same width on every screen, in light colours, with title, verdict and legend.
import { lightPalette } from "./axes.js";
import { texts } from "./texts.js";

const RATIO = 2; // pixels of the picture per unit of the measures below
const [WIDTH, HEIGHT, TALL, EDGE] = [800, 150, 190, 20];
const [LINE, HEAD] = [20, 26];
const FONT = "system-ui, sans-serif";

// Breaks a text into lines that fit.
function wrapped(ctx, text, width) {
  const lines = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && ctx.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

// `head` has the title, the line under it, the verdict in words, its severity, and the name of the service.
export async function picture(plots, head) {
  const colours = lightPalette();
  const zoomed = RATIO / (devicePixelRatio || 1); // a canvas of uPlot has devicePixelRatio pixels per CSS pixel
  const copies = plots.panels.map((panel) => {
    const height = panel.tall ? TALL : HEIGHT;
    const u = plots.copy(panel, { width: (WIDTH - 2 * EDGE) * zoomed, height: height * zoomed, scale: zoomed, colours });
    return { panel, height, u };
  });
  await new Promise((drawn) => { setTimeout(drawn); });

  const canvas = document.createElement("canvas");
  const ctx = canvas.getContext("2d");
  const font = (size, weight = 400) => { ctx.font = `${weight} ${size}px ${FONT}`; };
  font(14);
  const meaning = wrapped(ctx, head.meaning, WIDTH - 2 * EDGE - 28);
  const box = 34 + meaning.length * LINE + 10;
  const top = EDGE + 34 + LINE + box + 12 + LINE + 8;
  canvas.width = WIDTH * RATIO;
  canvas.height = RATIO * (top + copies.reduce((sum, { height }) => sum + HEAD + height, 0) + LINE + EDGE);
  ctx.scale(RATIO, RATIO);
  ctx.fillStyle = "#fff";
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.textBaseline = "alphabetic";

  const write = (text, x, y, colour = colours.ink) => { ctx.fillStyle = colour; ctx.fillText(text, x, y); };
  font(22, 700);
  write(head.title, EDGE, EDGE + 22);
  font(13);
  write(head.sub, EDGE, EDGE + 22 + LINE, colours.soft);

  let y = EDGE + 34 + LINE;
  const tint = colours.severity[head.severity];
  ctx.fillStyle = tint;
  ctx.globalAlpha = 0.12;
  ctx.fillRect(EDGE, y, WIDTH - 2 * EDGE, box);
  ctx.globalAlpha = 1;
  ctx.fillRect(EDGE, y, 5, box);
  font(17, 700);
  write(head.verdict, EDGE + 18, y + 26, tint);
  font(14);
  meaning.forEach((line, i) => write(line, EDGE + 18, y + 26 + (i + 1) * LINE));
  y += box + 12;

  let x = EDGE;
  const entry = (draw, text) => {
    draw(x, y + 3);
    font(13);
    write(text, x + 26, y + 14, colours.soft);
    x += 26 + ctx.measureText(text).width + 24;
  };
  const swatch = (colour) => (left, up) => { ctx.fillStyle = colour; ctx.fillRect(left, up, 18, 12); };
  if (plots.shaded.regen) entry(swatch(colours.regen), texts.regeneration);
  if (plots.shaded.gap) entry(swatch(colours.gap), texts.gap);
  if (plots.panels.some(({ lines }) => lines.length)) {
    entry((left, up) => {
      ctx.strokeStyle = colours.severity.watch;
      ctx.lineWidth = 1.5;
      ctx.setLineDash([5, 3]);
      ctx.beginPath();
      ctx.moveTo(left, up + 6);
      ctx.lineTo(left + 20, up + 6);
      ctx.stroke();
      ctx.setLineDash([]);
    }, texts.limit);
  }
  y += LINE + 8;

  for (const { panel, height, u } of copies) {
    font(14, 600);
    const title = panel.unit ? `${panel.title} (${panel.unit})` : panel.title;
    write(title, EDGE, y + 17);
    let right = EDGE + ctx.measureText(title).width + 20;
    font(13);
    if (panel.channels.length > 1) {
      panel.channels.forEach((channel, i) => {
        ctx.fillStyle = colours.inks[i];
        ctx.beginPath();
        ctx.arc(right, y + 13, 5, 0, 2 * Math.PI);
        ctx.fill();
        write(channel.label, right + 10, y + 17, colours.soft);
        right += 10 + ctx.measureText(channel.label).width + 20;
      });
    }
    ctx.drawImage(u.ctx.canvas, EDGE, y + HEAD, WIDTH - 2 * EDGE, height);
    u.destroy();
    y += HEAD + height;
  }
  font(12);
  write(head.service, EDGE, y + LINE, colours.soft);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}
