// One PNG of all plots of a log: of the same width on every screen, in light colours, with title, verdict and legend.
import { FONT, lightPalette } from "./axes.js";
import { texts } from "./texts.js";

const RATIO = 2; // pixels of the picture per unit of the measures below
const [WIDTH, HEIGHT, TALL, EDGE] = [800, 150, 190, 20];
const [LINE, HEAD] = [20, 26];

// Breaks a text into lines that fit, a word only where it is longer than a line.
function wrapped(ctx, text, width) {
  const fits = (line) => ctx.measureText(line).width <= width;
  const lines = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (lines.length && fits(`${lines.at(-1)} ${word}`)) lines[lines.length - 1] += ` ${word}`;
    else if (fits(word)) lines.push(word);
    else {
      lines.push("");
      for (const letter of word) {
        if (fits(lines.at(-1) + letter)) lines[lines.length - 1] += letter;
        else lines.push(letter);
      }
    }
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
  font(22, 700);
  const title = wrapped(ctx, head.title, WIDTH - 2 * EDGE);
  font(13);
  const sub = wrapped(ctx, head.sub, WIDTH - 2 * EDGE);
  font(14);
  const meaning = wrapped(ctx, head.meaning, WIDTH - 2 * EDGE - 28);
  const box = 34 + meaning.length * LINE + 10;
  const above = EDGE + title.length * HEAD + 8 + sub.length * LINE;
  const top = above + box + 12 + LINE + 8;
  canvas.width = WIDTH * RATIO;
  canvas.height = RATIO * (top + copies.reduce((sum, { height }) => sum + HEAD + height, 0) + LINE + EDGE);
  ctx.scale(RATIO, RATIO);
  ctx.fillStyle = "#fff";
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.textBaseline = "alphabetic";

  const write = (text, x, y, colour = colours.ink) => { ctx.fillStyle = colour; ctx.fillText(text, x, y); };
  font(22, 700);
  title.forEach((line, i) => write(line, EDGE, EDGE + 22 + i * HEAD));
  font(13);
  sub.forEach((line, i) => write(line, EDGE, EDGE + 16 + title.length * HEAD + i * LINE, colours.soft));

  let y = above;
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
    const name = panel.unit ? `${panel.title} (${panel.unit})` : panel.title;
    write(name, EDGE, y + 17);
    let right = EDGE + ctx.measureText(name).width + 20;
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
