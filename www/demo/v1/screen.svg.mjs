// The band along the top edge of version 1: dots that shrink from solid ink to nothing. One tile, repeated sideways.

const TILE = 14;
const ROWS = 13;

export default function screen() {
  let dots = "";
  for (let row = 0; row < ROWS; row += 1) {
    const radius = Math.round(10 * 8.4 * (1 - row / ROWS) ** 0.9) / 10;
    const y = (row * TILE) / 2;
    const xs = row % 2 === 0 ? [TILE / 2] : [0, TILE];
    for (const x of xs) dots += `<circle cx="${x}" cy="${y}" r="${radius}"/>`;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${TILE}" height="${(ROWS * TILE) / 2}">${dots}</svg>\n`;
}
