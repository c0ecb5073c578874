// Questions to the ticket office of the sequential strategy, beside the request they belong to.

/** How long a page may wait for the office to confirm a ticket, ms; without an answer the ticket stays provisional. */
const CONFIRM_MS = 1000;

/** Starts what the instruction asks of the office. Gives a promise of whether a ticket is now confirmed. */
export function askOffice(question, env, ctx, engine) {
  const [kind, first, second, ...name] = question.split(" ");
  if (!env.TICKETS) {
    engine.say("binding TICKETS is missing; the sequential strategy enrols nobody");
    return false;
  }
  const office = env.TICKETS.getByName(name.join(" "));
  if (kind === "lease") {
    ctx.waitUntil(lease(office, Number(first), second, engine));
    return false;
  }
  return confirm(office, `confirm ${first} ${second}`, engine);
}

async function lease(office, rollout, enrolled, engine) {
  const asked = Date.now();
  try {
    const answer = await ask(office, `lease ${enrolled}`);
    engine.granted(answer, rollout, asked);
  } catch (error) {
    engine.say("the ticket office did not answer; new visitors get the stable version", error);
  }
}

async function confirm(office, question, engine) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, CONFIRM_MS, "no");
  });
  try {
    return (await Promise.race([ask(office, question), late])) === "yes";
  } catch (error) {
    engine.say("the ticket office did not answer; tickets stay provisional", error);
    return false;
  } finally {
    clearTimeout(timer);
  }
}

async function ask(office, question) {
  const response = await office.fetch("https://office.local/", { method: "POST", body: question });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return answer;
}
