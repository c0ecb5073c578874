// The further piece of version 1: four proofs of one plate, side by side, one for each step of the ramp.

import { html, svg } from "../script/elements.mjs";
import { isCanary } from "../script/lot.mjs";

const ACROSS = 16;
const DOTS = ACROSS * ACROSS;
const STEPS = [5, 25, 50, 100];
/** A dot that comes in at the third step. */
const FOLLOWED = Array.from({ length: DOTS }, (_, dot) => dot).find(
  (dot) => dot > 100 && isCanary(dot, 45) && !isCanary(dot, 30),
);

const place = (dot) => [(dot % ACROSS) * 10 + 8, Math.floor(dot / ACROSS) * 10 + 8];

function proof(percent) {
  const paths = { v1: "", v2: "" };
  for (let dot = 0; dot < DOTS; dot += 1) paths[isCanary(dot, percent) ? "v2" : "v1"] += `M${place(dot).join(" ")}h0`;
  const [cx, cy] = place(FOLLOWED);
  const count = paths.v2.split("M").length - 1;
  const picture = svg(
    "svg",
    { viewBox: "0 0 166 166", class: "dots", role: "img", "aria-label": `At ${percent} %, ${count} of ${DOTS} dots are red.` },
    ...Object.entries(paths).map(([version, d]) => svg("path", { class: version, "stroke-width": "8.4", d })),
    svg("circle", { class: "ring", cx, cy, r: "7.5" }),
  );
  return html("figure", {}, picture, html("figcaption", {}, `${percent} %`));
}

export function show(piece) {
  piece.append(
    html("div", { class: "proofs" }, ...STEPS.map(proof)),
    html(
      "p",
      {},
      "Four proofs of one plate. Compare the ringed dot: it turns red at 50 % and stays red at 100 %. No dot that is red in one proof is plain again in the next. ",
      html("small", { "data-piece": "v1" }, "Fetched just now from the files of version 1."),
    ),
  );
}
