// The further piece of version 2: a field of dots with a slider for the share.

import { html, svg } from "../script/elements.mjs";
import { isCanary } from "../script/lot.mjs";

const ACROSS = 25;
const DOTS = ACROSS * 10;
/** A dot that comes in a little after the start. */
const FOLLOWED = Array.from({ length: DOTS }, (_, dot) => dot).find(
  (dot) => dot > 130 && isCanary(dot, 63) && !isCanary(dot, 58),
);

const place = (dot) => [(dot % ACROSS) * 20 + 12, Math.floor(dot / ACROSS) * 20 + 12];

export function show(piece) {
  const field = ["v1", "v2"].map((version) => svg("path", { class: version, "stroke-width": version === "v1" ? "7" : "17" }));
  const [cx, cy] = place(FOLLOWED);
  const ring = svg("circle", { class: "ring", cx, cy, r: "11.5" });
  const slider = html("input", { type: "range", id: "share", min: "0", max: "100", value: "50" });
  const said = html("output", { for: "share" });

  const draw = () => {
    const paths = ["", ""];
    let count = 0;
    for (let dot = 0; dot < DOTS; dot += 1) {
      const canary = isCanary(dot, slider.valueAsNumber);
      count += Number(canary);
      paths[Number(canary)] += `M${place(dot).join(" ")}h0`;
    }
    for (const [at, path] of field.entries()) path.setAttribute("d", paths[at]);
    const followed = isCanary(FOLLOWED, slider.valueAsNumber)
      ? "the ringed one has the canary"
      : "the ringed one still has stable";
    said.textContent = `${slider.value} %: ${count} of ${DOTS} dots, and ${followed}.`;
  };
  slider.addEventListener("input", draw);
  draw();

  piece.append(
    svg("svg", { viewBox: `0 0 ${ACROSS * 20 + 4} 204`, class: "dots", "aria-hidden": "true" }, ...field, ring),
    html("p", { class: "share" }, html("label", { for: "share" }, "Share of the canary"), slider, said),
    html(
      "p",
      {},
      "Push the share up: dots come in, and none that is in goes out. ",
      html("small", { "data-piece": "v2" }, "Fetched just now from the files of version 2."),
    ),
  );
}
