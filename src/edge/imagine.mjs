// What a visitor would get who is only imagined, and links that show a version before it is anybody's.

import { controllerOf } from "./objects.mjs";

const MINUTE_MS = 60_000;
const USUAL_MINUTES = 60;

/**
 * What is in force may be newer than what this isolate has heard of, so the Controller is asked. Another request may bring back what
 * it has heard of at every wait, so this is taken into use where something is asked by it, in the same breath.
 */
async function inForce({ env, control, site, place }) {
  const { live } = await controllerOf(env, site, place).config(site);
  await control.ready();
  return new Map([[site, live]]);
}

/** A line of facts holds no line feed. */
const line = (text) => text.replaceAll(/[\r\n]/g, " ");

export async function imagine(asked, { json, problem }) {
  const { env, control, site, body } = asked;
  if (!env.HALFTONE_KEYS) return noKeys(problem);
  const texts = await inForce(asked);
  const { country = "", region = "", city = "", colo = "", user_agent = BROWSER, cookies = "", headers = "" } = body;
  const facts = [site, body.url, country.toUpperCase(), region.toUpperCase(), city, colo.toUpperCase(), user_agent, cookies].map(
    line,
  );
  const text = control.use(env.HALFTONE_KEYS, texts).imagine(`${facts.join("\n")}\n${headers}`, Date.now());
  if (text === "")
    return problem(400, "bad_parameter", `\`url\` is a whole address, such as https://shop.example/; not ${body.url}`);
  return json({ site, ...JSON.parse(text) });
}

/** Who says nothing of the browser means one that a person holds. */
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

export async function preview(asked, { json, problem }) {
  const { env, control, site, body } = asked;
  if (!env.HALFTONE_KEYS) return noKeys(problem);
  const texts = await inForce(asked);
  const { version, minutes = USUAL_MINUTES } = body;
  const until = Date.now() + minutes * MINUTE_MS;
  const url = control.use(env.HALFTONE_KEYS, texts).previewLink(site, line(body.url), line(version), until);
  if (url === "")
    return problem(
      404,
      "no_version",
      `${version} can not be shown at ${body.url}: the site has no such version, it is in quarantine, or that is no whole address`,
    );
  return json({ site, version, url, until_ms: Math.floor(until / 1000) * 1000 });
}

function noKeys(problem) {
  return problem(503, "no_keys", "the secret HALFTONE_KEYS is missing, so nothing is split and no link can be signed");
}
