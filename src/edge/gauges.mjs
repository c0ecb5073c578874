// Where each site stands, for Prometheus: what changes by decisions, beside the counts that only grow.

/** How a verdict reads as a number: what is good is above zero. */
const SAYS = { harm: -1, undecided: 0, safe: 1 };

const FAMILIES = {
  halftone_revision: "The revision in force.",
  halftone_phase: "1 for the phase a site is in.",
  halftone_off: "1 while everybody gets stable by `off`.",
  halftone_quarantined: "1 for each version in quarantine.",
  halftone_rollout_step: "The step of the running rollout, from 1.",
  halftone_rollout_steps: "How many steps it has.",
  halftone_rollout_step_seconds: "How long it has been on this step.",
  halftone_guard_verdict: "What the evidence says of a guard: -1 harm, 0 undecided, 1 safe.",
  halftone_guard_harm_ratio: "The evidence of harm over what shows it, as logarithms: 1 takes the canary back.",
  halftone_looked_age_seconds: "How long ago the Controller last looked at the evidence.",
};

/** The text of all sites' gauges, given what `status` says of each. */
export function gauges(statuses, now) {
  const lines = new Map(Object.keys(FAMILIES).map((name) => [name, []]));
  const put = (name, labels, value) => lines.get(name).push(`${name}{${rendered(labels)}} ${value}`);
  for (const status of statuses) {
    const { site, rollout, verdicts = [] } = status;
    put("halftone_revision", { site }, status.revision);
    put("halftone_phase", { site, phase: status.phase }, 1);
    put("halftone_off", { site }, status.off ? 1 : 0);
    for (const { version } of status.quarantine) put("halftone_quarantined", { site, version }, 1);
    if (rollout) {
      const labels = { site, rollout: rollout.id, canary: rollout.canary };
      put("halftone_rollout_step", labels, rollout.step);
      put("halftone_rollout_steps", labels, rollout.steps.length);
      put("halftone_rollout_step_seconds", labels, Math.max(0, Math.round((now - rollout.since_ms) / 1000)));
    }
    for (const { guard, place, says, harm, absolute } of verdicts) {
      const labels = { site, guard, place };
      put("halftone_guard_verdict", labels, SAYS[String(says).toLowerCase()] ?? 0);
      const ratios = [harm, absolute].filter((one) => one?.threshold > 0).map((one) => one.log_e / one.threshold);
      if (ratios.length > 0) put("halftone_guard_harm_ratio", labels, Math.round(1000 * Math.max(...ratios)) / 1000);
    }
    // While nobody is drawn nobody looks.
    if (status.looked_ms && verdicts.length > 0)
      put("halftone_looked_age_seconds", { site }, Math.max(0, Math.round((now - status.looked_ms) / 1000)));
  }
  const filled = [...lines].filter(([, samples]) => samples.length > 0);
  return filled
    .map(([name, samples]) => `# HELP ${name} ${FAMILIES[name]}\n# TYPE ${name} gauge\n${samples.join("\n")}\n`)
    .join("");
}

function rendered(labels) {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${String(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`)
    .join(",");
}
