// One chart over time: lines with their intervals, thresholds, and marks of what was decided. Drawn by uPlot onto a canvas, which says
// nothing to who can not see it; so the newest values stand beside it as a legend, and all of them below it as a table.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { html } from "./html.mjs";

const HEIGHT = 170;
/** A table has so many rows; of more points every n-th is shown. */
const MOST_ROWS = 24;
const DARK = matchMedia("(prefers-color-scheme: dark)");

/** What a custom property of the style sheet is now: only an element knows whether it is light or dark. */
function ink(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const thin = (color, share) => color.replace("rgb(", "rgba(").replace(")", `, ${share})`);

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const SECONDS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** The time of a tick or a row, as exact as the span asks for. */
export function moment(at_s, span_s) {
  if (span_s > 2 * 86_400) return DAY.format(at_s * 1000);
  return (span_s < 600 ? SECONDS : CLOCK).format(at_s * 1000);
}

function useTheme() {
  const [isDark, setDark] = useState(DARK.matches);
  useEffect(() => {
    const changed = () => setDark(DARK.matches);
    DARK.addEventListener("change", changed);
    return () => DARK.removeEventListener("change", changed);
  }, []);
  return isDark;
}

function useWidth(ref) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setWidth(Math.floor(contentRect.width)));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** uPlot's data and series of our lines: each is one of both, and two more where it has an interval. */
function plotted(at, lines, colors) {
  const data = [at];
  const series = [{}];
  const bands = [];
  lines.forEach(({ values, low, high, isStepped, dash, fill }, n) => {
    const paths = isStepped ? uPlot.paths.stepped({ align: 1 }) : undefined;
    if (low) {
      data.push(high, low);
      series.push({ paths, points: { show: false } }, { paths, points: { show: false } });
      bands.push({ series: [data.length - 2, data.length - 1], fill: thin(colors[n], 0.16) });
    }
    data.push(values);
    series.push({
      stroke: colors[n],
      width: 2,
      dash,
      paths,
      fill: fill ? thin(colors[n], 0.16) : undefined,
      points: { show: at.length < 3, size: 6, fill: colors[n] },
      spanGaps: true,
    });
  });
  return { data, series, bands };
}

/** Lines across at thresholds, and lines down at what was decided. */
function decorated(plot, thresholds, marks, soft) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = ratio;
  ctx.font = `600 ${11 * ratio}px system-ui, sans-serif`;
  for (const { value, label, color } of thresholds) {
    const y = Math.round(plot.valToPos(value, "y", true)) + 0.5;
    if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) continue;
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.textAlign = "left";
    const isHigh = y - bbox.top < 16 * ratio;
    ctx.fillText(label, bbox.left + 6 * ratio, isHigh ? y + 12 * ratio : y - 5 * ratio);
  }
  for (const { at, sign } of marks) {
    const x = Math.round(plot.valToPos(at, "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = soft;
    ctx.fillStyle = soft;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.textAlign = "center";
    ctx.fillText(sign, x, bbox.top - 5 * ratio);
  }
  ctx.restore();
}

/** An interval is shown up to so many times the largest estimate. */
const WIDEST = 3;

/** The least and the most an axis shows, with room, and never below nothing where nothing is the least there can be. */
function ranged(wanted, thresholds, lines) {
  if (wanted) return () => wanted;
  return (_, low, high) => {
    const least = Math.min(low ?? 0, ...thresholds.map(({ value }) => value), 0);
    // Of few visitors an interval is so wide that beside it nothing else could be seen.
    const roomy = WIDEST * Math.max(0, ...lines.current.flatMap(({ values }) => values.filter((value) => value !== null)));
    const most = Math.max(roomy > 0 ? Math.min(high ?? 0, roomy) : (high ?? 0), ...thresholds.map(({ value }) => value));
    return [least, most > least ? most + (most - least) * 0.08 : least + 1];
  };
}

/**
 * A chart. `at` are times in seconds; `lines` are `{ name, color, values, low, high, isStepped, dash, fill }`, colours named as the style
 * sheet names them; `thresholds` are `{ value, label, color }`, `marks` `{ at, sign }`; `format` says how a value reads.
 */
export function Chart({ title, hint, at, lines, format, ticks = format, range, thresholds = [], marks = [], empty, xRange }) {
  const frame = useRef(null);
  const plot = useRef(null);
  const drawn = useRef({ thresholds, marks });
  const newestLines = useRef(lines);
  newestLines.current = lines;
  const [pointed, setPointed] = useState(null);
  const width = useWidth(frame);
  const isDark = useTheme();
  const isEmpty = at.length === 0 || lines.every(({ values }) => values.every((value) => value === null));
  const colors = useMemo(() => lines.map(({ color }) => ink(color)), [isDark, lines.map(({ color }) => color).join()]);
  const shape = [
    isDark,
    isEmpty,
    at.length < 3,
    ...lines.map(({ name, low }) => name + Boolean(low)),
    ...thresholds.map(({ value }) => value),
  ].join();
  drawn.current = { thresholds: thresholds.map((one) => ({ ...one, color: ink(one.color) })), marks };

  useEffect(() => {
    if (isEmpty || width === 0) return undefined;
    const [soft, line] = [ink("--soft"), ink("--line")];
    const { data, series, bands } = plotted(at, lines, colors);
    const axis = { stroke: soft, font: "11px system-ui, sans-serif", grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const options = {
      width,
      height: HEIGHT,
      series,
      bands,
      padding: [marks.length > 0 ? 18 : 10, 20, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: true, range: xRange ? () => xRange : undefined },
        y: { range: ranged(range, thresholds, newestLines) },
      },
      axes: [
        { ...axis, space: 64, size: 28, values: (u, all) => all.map((one) => moment(one, u.scales.x.max - u.scales.x.min)) },
        { ...axis, size: 56, values: (_, all) => all.map(ticks) },
      ],
      hooks: {
        draw: [(u) => decorated(u, drawn.current.thresholds, drawn.current.marks, soft)],
        setCursor: [(u) => setPointed(u.cursor.idx ?? null)],
      },
    };
    plot.current = new uPlot(options, data, frame.current);
    return () => {
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape, width]);
  useEffect(() => {
    plot.current?.setData(plotted(at, lines, colors).data);
  });

  const newest = at.length - 1;
  const shown = pointed !== null && pointed <= newest ? pointed : newest;
  const said = (n) =>
    lines.map(({ name, values }) => `${name} ${values[n] === null ? "not known" : format(values[n])}`).join(", ");
  return html`<figure class="chart">
    <figcaption><b>${title}</b>${hint && html` <small>${hint}</small>`}</figcaption>
    ${
      isEmpty
        ? html`<p class="empty">${empty ?? "Nothing yet. It is drawn as soon as something is counted."}</p><div ref=${frame}></div>`
        : html`<p class="legend">
            ${lines.map(({ name, values }, n) => html`<span key=${name}><${Swatch} color=${colors[n]} />${name} <b>${values[shown] === null ? "–" : format(values[shown])}</b></span>`)}
            ${pointed !== null && html`<small>${moment(at[shown], 0)}</small>`}
          </p>
          <div ref=${frame} class="canvas" role="img" aria-label=${`${title}: ${said(newest)}`}></div>
          <${Table} title=${title} at=${at} lines=${lines} format=${format} />`
    }
  </figure>`;
}

function Swatch({ color }) {
  return html`<span class="swatch" style=${{ background: color }}></span>`;
}

function Table({ title, at, lines, format }) {
  const [isOpen, setOpen] = useState(false);
  const span = at.at(-1) - at[0];
  const every = Math.ceil(at.length / MOST_ROWS);
  const rows = at.map((_, n) => n).filter((n) => (at.length - 1 - n) % every === 0);
  const value = ({ values, low, high, words }, n) => {
    if (words) return words[n];
    if (values[n] === null) return "–";
    const ends = low && low[n] !== null && high[n] !== null ? ` (${format(low[n])} to ${format(high[n])})` : "";
    return `${format(values[n])}${ends}`;
  };
  return html`<details class="numbers" onToggle=${(event) => setOpen(event.target.open)}>
    <summary>As a table<span class="hidden"> : ${title}</span></summary>
    ${
      isOpen &&
      html`<div class="scroll" tabindex="0" role="region" aria-label=${`${title}, as a table`}><table>
        <thead><tr><th scope="col">Time</th>${lines.map(({ name }) => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>
        <tbody>
          ${rows.reverse().map(
            (n) => html`<tr key=${at[n]}>
              <th scope="row">${moment(at[n], span)}</th>
              ${lines.map((line) => html`<td key=${line.name}>${value(line, n)}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table></div>`
    }
  </details>`;
}
