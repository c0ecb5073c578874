// The picture on the front pages: a version's number as a halftone print in which each dot is a visitor.
//
// Drawn while building, so it is there without JavaScript and never shifts the page. The size of a dot makes the
// picture, its colour says which version that visitor gets, and one dot is ringed: you. Dots of one size and colour are
// one path of zero-length strokes with round caps, which is a tenth of the size of as many circles.

import { isCanary } from "./script/lot.mjs";

export const WIDTH = 400;
export const HEIGHT = 480;

/** How a version is printed: its number as strokes, its screen, and where you are looked for. */
const PLATES = {
  v1: {
    // Ink on paper: a screen at 45 degrees, dots that nearly touch in the shadows, a tone that deepens downwards.
    pitch: 20,
    isDiagonal: true,
    strokes: [
      [
        [110, 150],
        [152, 132],
        [210, 80],
      ],
      [
        [210, 80],
        [210, 400],
      ],
      [
        [112, 400],
        [308, 400],
      ],
    ],
    half: 41,
    size: (ink, y) => (ink > 0 ? 8 + 5.5 * ink : 2.5 + (2.5 * y) / HEIGHT),
    you: [220, 250],
  },
  v2: {
    // Signal lamps: a square grid, two sizes, nothing between.
    pitch: 16,
    isDiagonal: false,
    strokes: [
      arc(200, 158, 96, -170, 50),
      [
        [262, 232],
        [108, 392],
      ],
      [
        [108, 392],
        [312, 392],
      ],
    ],
    half: 40,
    size: (ink) => (ink > 0 ? 14 : 4.5),
    you: [192, 300],
  },
};

/** A polyline along an arc, degrees clockwise from the right. */
function arc(x, y, radius, from, to) {
  return Array.from({ length: 25 }, (_, step) => {
    const angle = ((from + ((to - from) * step) / 24) * Math.PI) / 180;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

/** The distance of a point to a line segment. */
function distance(x, y, [ax, ay], [bx, by]) {
  const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
}

/** How deep a point lies in the number: 1 on the middle of a stroke, 0 and less outside. */
function depth({ strokes, half }, x, y) {
  const segments = strokes.flatMap((line) => line.slice(1).map((end, at) => [line[at], end]));
  return 1 - Math.min(...segments.map(([a, b]) => distance(x, y, a, b))) / half;
}

/** Every dot of a version's plate at a share in percent: place, diameter in half pixels' steps, colour, and which is you. */
export function dots(version, percent) {
  const plate = PLATES[version];
  const { pitch } = plate;
  const step = plate.isDiagonal ? pitch / 2 : pitch;
  const all = [];
  for (let row = 0, y = pitch / 2; y < HEIGHT; row += 1, y += step) {
    const shift = plate.isDiagonal && row % 2 === 1 ? pitch / 2 : 0;
    for (let x = pitch / 2 + shift; x < WIDTH; x += pitch) {
      const ink = depth(plate, x, y);
      const size = Math.round(plate.size(ink, y) * 2) / 2;
      all.push({ x, y, size, ink, version: isCanary(all.length, percent) ? "v2" : "v1" });
    }
  }
  const [x, y] = plate.you;
  const near = (dot) => Math.hypot(dot.x - x, dot.y - y);
  const mine = all.filter((dot) => dot.version === version && dot.ink > 0.5);
  const you = mine.reduce((best, dot) => (near(dot) < near(best) ? dot : best));
  return { all, you };
}

/** Where the line from you and the word at its end want to be read. */
function isCovered(dot, you) {
  const off = Math.abs(dot.y - you.y);
  return dot.x > you.x && ((off < 2 && dot.ink <= 0) || (off < 18 && dot.x > WIDTH - 60));
}

/** The inside of the plate's `<svg>`. */
export function draw(version, percent) {
  const { all, you } = dots(version, percent);
  const groups = new Map();
  for (const dot of all) {
    if (dot === you || isCovered(dot, you)) continue;
    const key = `${dot.version} ${dot.size}`;
    groups.set(key, `${groups.get(key) ?? ""}M${dot.x} ${dot.y}h0`);
  }
  const paths = [...groups].map(([key, path]) => {
    const [of, size] = key.split(" ");
    return `<path class="${of}" stroke-width="${size}" d="${path}"/>`;
  });
  return [
    ...paths,
    `<path class="leader" d="M${you.x + 13} ${you.y}H${WIDTH - 56}"/>`,
    `<circle class="ring" cx="${you.x}" cy="${you.y}" r="13"/>`,
    `<circle class="you" cx="${you.x}" cy="${you.y}" r="7.5"/>`,
    `<rect class="tag" x="${WIDTH - 56}" y="${you.y - 15}" width="54" height="30" rx="15"/>`,
    `<text class="label" x="${WIDTH - 29}" y="${you.y}" text-anchor="middle" dominant-baseline="central">you</text>`,
  ].join("\n");
}
