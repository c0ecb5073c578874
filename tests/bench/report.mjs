// Figures to text: medians with the least and the most over the rounds, and what is added over pass-through.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `{ median, min, max, quiet, rounds }` of one figure; a tenth of the values are less than `quiet`. */
export function spread(values) {
  const quiet = [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)];
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), quiet, rounds: values.length };
}

/** Each round's difference to another contender in the same round: what drifts is in both and goes away. */
export function added(cells, base, figure) {
  return spread(cells.map((cell, round) => cell[figure] - base[round][figure]));
}

const number = (value, digits) => value.toFixed(digits);
const signed = (value, digits) => `${value > 0 ? "+" : ""}${number(value, digits)}`;

/** `median (min … max)`. */
function text({ median, min, max }, digits, show = number) {
  return `${show(median, digits)} (${show(min, digits)} … ${show(max, digits)})`;
}

/** Rows of equal length as a table; the first column to the left, the others to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("   ");
  return [line(rows[0]), widths.map((width) => "-".repeat(width)).join("   "), ...rows.slice(1).map(line)].join("\n");
}

/** The table of one kind of visit. */
export function visitTable(visit, contenders) {
  const rows = [[visit, "requests/s", "p50 µs", "p99 µs", "CPU µs a request", "CPU µs added", "p50 µs added", "p99 µs added"]];
  for (const [name, figures] of Object.entries(contenders)) {
    const more = figures.added;
    rows.push([
      name,
      text(figures.perSecond, 0),
      text(figures.p50, 0),
      text(figures.p99, 0),
      text(figures.cpu, 1),
      more ? text(more.cpu, 1, signed) : "",
      more ? text(more.p50, 0, signed) : "",
      more ? text(more.p99, 0, signed) : "",
    ]);
  }
  return table(rows);
}

export function startTable(starts, requests) {
  const young = `CPU µs a request, first ${requests}`;
  const rows = [["cold start", "ms to the first answer", "ms added", young, "CPU µs added"]];
  for (const [name, figures] of Object.entries(starts)) {
    const more = figures.added;
    rows.push([
      name,
      text(figures.ms, 1),
      more ? text(more.ms, 1, signed) : "",
      text(figures.young, 1),
      more ? text(more.young, 1, signed) : "",
    ]);
  }
  return table(rows);
}

/** What a cold start may add to pass-through's, ms. */
const START_AIM_MS = 6;

/** One line that says what a cold start of ours adds, against the aim, and what of it is the reading of files that no page needs. */
export function startLine({ ms }, files) {
  const said = ms.median <= START_AIM_MS ? "met" : "missed";
  return `cold start: Halftone adds ${text(ms, 1, signed)} ms to pass-through's, ${text(files.ms, 1, signed)} of them for reading its files; the aim, at most ${START_AIM_MS} ms, is ${said}.`;
}

/** One line that says how ours compares, and how much to believe of it. */
export function summary(visit, { ours, control }, contenders) {
  const quiet = Object.entries(contenders).map(([name, { cpu }]) => `${name} ${number(cpu.quiet, 1)}`);
  return `${visit}: Halftone adds ${signed(ours.median, 1)} µs to what the JavaScript worker adds (${signed(ours.min, 1)} … ${signed(ours.max, 1)}); the same JavaScript worker twice differs by ${signed(control.median, 1)} µs (${signed(control.min, 1)} … ${signed(control.max, 1)}).\n  Of the bursts of each a tenth took less than: ${quiet.join(", ")} µs a request.`;
}

/** The table of one kind of beacon. */
export function intakeTable(kind, contenders) {
  const rows = [
    [kind, "beacons/s", "p50 µs", "p99 µs", "CPU µs a request", "CPU µs a beacon", "CPU µs a request, over JavaScript"],
  ];
  for (const [name, figures] of Object.entries(contenders)) {
    rows.push([
      name,
      text(figures.beacons, 0),
      text(figures.p50, 0),
      text(figures.p99, 0),
      text(figures.cpu, 1),
      text(figures.each, 1),
      figures.added ? text(figures.added, 1, signed) : "",
    ]);
  }
  return table(rows);
}

/** What beacons leave on disk, a page view sending so many of them: bytes each are megabytes a million. */
export function diskTable(disk, beacons) {
  const rows = [["on disk", "MB a million beacons", "MB a million page views", "of it, when the page is over"]];
  for (const [name, { bytes, later }] of Object.entries(disk)) {
    const all = Object.values(bytes).reduce((sum, n) => sum + n, 0);
    rows.push([name, number(all / beacons, 1), number(all, 0), later === null ? "as much" : number(later, 0)]);
  }
  return table(rows);
}

/** The table of pages with and without feedback. */
export function pageTable(visit, contenders) {
  const rows = [[visit, "pages/s", "p50 µs", "p99 µs", "CPU µs a page", "CPU µs over feedback off"]];
  for (const [name, figures] of Object.entries(contenders)) {
    rows.push([
      name,
      number(figures.perSecond.median, 0),
      text(figures.p50, 0),
      text(figures.p99, 0),
      text(figures.cpu, 1),
      figures.added ? text(figures.added, 1, signed) : "",
    ]);
  }
  return table(rows);
}

/** One line: what one page view costs once it is old. */
export function foldingLine(folding) {
  return `What is done with a page view later (folded twice, told to the ledger, deleted): CPU ${text(folding, 1)} µs.`;
}
