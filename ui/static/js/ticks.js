// Round moments for the labels of a time axis.
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400]; // seconds

// The places of the labels on an axis of `width` pixels from `low` to `high`. No two are closer than `apart` pixels, and
// none is cut off at the right end, where a label needs `edge` pixels. `folded` is from `folding`: nothing is labelled
// within the long gaps it shortens.
export function timeTicks(low, high, width, { apart, edge, folded }) {
  const { fold, unfold, quiet } = folded;
  const perSec = width / (high - low);
  const step = STEPS.find((one) => one * perSec >= apart) ?? STEPS.at(-1);
  const [from, to] = [unfold(low), unfold(high)];
  const found = [];
  let last = -Infinity;
  for (let moment = Math.ceil(from / step) * step; moment <= to; moment += step) {
    if (quiet.some(([begin, end]) => moment > begin && moment < end)) continue;
    const x = (fold(moment) - low) * perSec;
    if (x - last < apart * 0.9 || x < 0 || x > width - edge) continue;
    found.push(fold(moment));
    last = x;
  }
  return found;
}
