// The picture that gives the project its name: a hundred dots are the visitors, the coloured ones get the canary.

import { html } from "./html.mjs";
import { percentWords } from "./words.mjs";

const COLUMNS = 25;
const ROWS = 4;
const GAP = 10;

/** In this order they are coloured: each next one as far as can be from those before, so that a share looks like a tone. */
const ORDER = spread();

function spread() {
  const places = Array.from({ length: COLUMNS * ROWS }, (_, at) => [at % COLUMNS, Math.floor(at / COLUMNS)]);
  const nearest = places.map(() => Number.POSITIVE_INFINITY);
  const order = [];
  let next = COLUMNS + 3;
  while (order.length < places.length) {
    order.push(next);
    nearest[next] = -1;
    const [x, y] = places[next];
    places.forEach(([to, down], at) => {
      // Around the edges, so that they are not preferred.
      const [across, along] = [Math.abs(to - x), Math.abs(down - y)];
      const distance = Math.min(across, COLUMNS - across) ** 2 + Math.min(along, ROWS - along) ** 2;
      if (nearest[at] >= 0) nearest[at] = Math.min(nearest[at], distance);
    });
    next = nearest.indexOf(Math.max(...nearest));
  }
  return order;
}

/** A share in percent, as dots; what is less than a dot is a smaller one. */
export function Dots({ share, label }) {
  const rank = new Array(ORDER.length);
  ORDER.forEach((at, n) => {
    rank[at] = n;
  });
  const dots = rank.map((n, at) => {
    const part = Math.min(1, Math.max(0, share - n));
    const [x, y] = [(at % COLUMNS) * GAP + GAP / 2, Math.floor(at / COLUMNS) * GAP + GAP / 2];
    return html`<g key=${at}>
      <circle class="dot" cx=${x} cy=${y} r="2.6" />
      ${part > 0 && html`<circle class="dot canary" cx=${x} cy=${y} r=${1.4 + 2.2 * Math.sqrt(part)} />`}
    </g>`;
  });
  const says = `${label}: ${percentWords(share)} of visitors`;
  return html`<svg class="dots" viewBox="0 0 ${COLUMNS * GAP} ${ROWS * GAP}" role="img" aria-label=${says}>${dots}</svg>`;
}
