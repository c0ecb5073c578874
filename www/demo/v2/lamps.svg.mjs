// The lamps at the foot of version 2's panel: rows that grow from a point to full size. One tile, repeated sideways.

const TILE = 24;
const ROWS = 22;

export default function lamps() {
  let dots = "";
  for (let row = 0; row < ROWS; row += 1) {
    const radius = Math.round(100 * (0.8 + 9.6 * (row / (ROWS - 1)) ** 1.6)) / 100;
    dots += `<circle cx="${TILE / 2}" cy="${row * TILE + TILE / 2}" r="${radius}"/>`;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${TILE}" height="${ROWS * TILE}">${dots}</svg>\n`;
}
