// Where the objects of a site are: their names, in the jurisdiction the config gives (`-` for none). Nobody else names one.

/** The object that keeps rows, by `jurisdiction site rollout shard days` as the decision gives it. */
export function intakeOf(env, intake) {
  const [place, site, rollout, shard] = intake.split(" ");
  return within(env.INTAKE, place).getByName(`${site} ${rollout} ${shard}`);
}

/** The Controller of a site. */
export function controllerOf(env, site, place) {
  return within(env.CONTROLLER, place).getByName(site);
}

function within(namespace, place) {
  return place === "-" ? namespace : namespace.jurisdiction(place);
}
