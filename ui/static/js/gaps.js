// Where a log says nothing: those stretches are shaded, and the long ones take little room.

// Where the log says nothing for more than `gapSec` seconds: [from, to] pairs.
export function gaps(series, start, gapSec) {
  const densest = series.channels.reduce((best, one) => (one.t.length > (best?.t.length || 0) ? one : best), null);
  if (!densest) return [];
  const found = [];
  densest.v.forEach((value, i) => {
    if (value !== null || i === 0 || i === densest.t.length - 1) return;
    const [from, to] = [densest.t[i - 1], densest.t[i + 1]];
    if (to - from > gapSec) found.push([start + from, start + to]);
  });
  return found;
}

// Long gaps take little room: hours in a car park would squeeze the drives before and after them. `fold` leads from
// a moment to its place on the axis, `unfold` back; `quiet` are the gaps that were shortened.
export function folding(found, whole) {
  const quiet = found.filter(([from, to]) => to - from > 120).sort((a, b) => a[0] - b[0]);
  const driven = whole[1] - whole[0] - quiet.reduce((sum, [from, to]) => sum + to - from, 0);
  const room = Math.min(120, Math.max(20, driven * 0.025));
  const fold = (moment) => quiet.reduce((at, [from, to]) => {
    if (moment <= from) return at;
    return at - Math.min(1, (moment - from) / (to - from)) * (to - from - room);
  }, moment);
  const unfold = (at) => {
    let moment = at;
    for (const [from, to] of quiet) {
      if (moment <= from) break;
      moment = moment < from + room ? from + ((moment - from) / room) * (to - from) : moment + (to - from - room);
    }
    return moment;
  };
  return { fold, unfold, quiet };
}
