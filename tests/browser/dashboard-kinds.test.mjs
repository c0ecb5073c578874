// Rollouts of other kinds on the dashboard, in Chromium: by areas, in small rungs as harm allows, by a goal, by people alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { complaints } from "./chromium.mjs";
import { ask, config, fill } from "./dashboard-site.mjs";
import { looksRight, visits } from "./dashboard-visits.mjs";

const ROLLOUTS = {
  travel: {
    strategy: "geographic",
    steps: [
      { areas: { NZ: "50%", AU: "10%" }, hold: "1h" },
      { areas: { NZ: "100%", AU: "50%", elsewhere: "10%" } },
      { areas: { AU: "100%", elsewhere: "100%" } },
    ],
  },
  bank: { steps: ["50%", "100%"], pace: { harmed: 200, views: 100_000 } },
  club: {
    steps: [{ weight: "50%", hold: "0s", least_visitors: 20 }, "100%"],
    guards: { errors: false, origin_failure: false, poor_lcp: false, poor_inp: false, poor_cls: false },
    optimise: { goal: "signup", every: "1d" },
  },
  office: { steps: ["50%", "100%"], decide: "never" },
};

const { worker, inside } = visits("dashboard-kinds", () => {
  const site = ([name, rollout]) => [
    name,
    {
      hosts: [`${name}.localhost`],
      versions: { v1: "assets:old", v2: "assets:new" },
      stable: "v1",
      rollout: { canary: "v2", ...rollout },
      feedback: { shards: 1 },
    },
  ];
  const { docs } = config().sites;
  return { sites: { ...config(), sites: { ...Object.fromEntries(Object.entries(ROLLOUTS).map(site)), docs } } };
});

/** What the list of steps says, a text each. */
async function steps(page) {
  const texts = await page.getByRole("list", { name: "Steps of the rollout" }).getByRole("listitem").allInnerTexts();
  return texts.map((text) => text.replaceAll("\u00a0", " "));
}

test("a rollout by areas shows who gets how much where, and how many of each were drawn", async (t) => {
  await fill(worker(), "travel", { place: "NZ", odds: "5000|5000", arms: { canary: { trials: 900 }, stable: { trials: 910 } } });
  await fill(worker(), "travel", { place: "AU", odds: "1000|9000", arms: { canary: { trials: 420 }, stable: { trials: 3700 } } });
  const { page } = await inside(t, { site: "travel" });
  const heard = complaints(page);
  await page.getByRole("heading", { name: /^v2 is with (AU 10 %, NZ 50 %|NZ 50 %, AU 10 %)\.$/ }).waitFor();
  await page.getByRole("img", { name: "v2 in NZ: 50 % of visitors" }).waitFor();
  await page.getByRole("img", { name: "v2 in AU: 10 % of visitors" }).waitFor();
  await looksRight(page, "areas");
  await page.getByRole("link", { name: "Charts" }).click();
  const split = page.getByRole("figure").filter({ hasText: "Share of the canary in each area" });
  await split.getByRole("img", { name: /NZ 50 %/ }).waitFor();
  const drawn = page.getByRole("figure").filter({ hasText: "The canary’s part of drawn visitors" });
  await drawn.getByRole("img", { name: /AU 10\.2 %, NZ 49\.7 %/ }).waitFor();
  assert.deepEqual(heard, []);
});

test("a pace is on its way from one step to the next, and says what it waits for", async (t) => {
  const { page } = await inside(t, { site: "bank" });
  await page.getByRole("heading", { name: "v2 is with 0.2 % of visitors." }).waitFor();
  const { rollout } = await ask(worker(), "status?site=bank");
  assert.ok(rollout.steps.length > 10, "there are rungs between the steps");
  const shown = await steps(page);
  assert.deepEqual(
    shown.map((text) => text.split("\n")[1]),
    ["0.2 %", "50 %", "100 %", "everybody"],
  );
  await page.getByText("More known of the harm").waitFor();
  await page.getByText("by what is known now 0.2 % may get it").waitFor();
  await page.getByText("0.3 % get v2, as soon as all of this is there:").waitFor();
});

test("a goal decides behind the steps, and nobody is promised what it has not said", async (t) => {
  const { page } = await inside(t, { site: "club" });
  await page.getByText(/^“signup” says from then on how many get v2/).waitFor();
  assert.deepEqual(
    (await steps(page)).map((text) => text.split("\n")[1]),
    ["50 %", "by its goal", "everybody"],
  );
  const arm = { trials: 20_000, missing: 40, "goal.signup": 2400 };
  await fill(worker(), "club", { odds: "5000|5000", arms: { canary: arm, stable: arm } });
  await page.getByText(/^“signup” says anew how many get v2/).waitFor();
  const shown = await steps(page);
  assert.equal(shown.length, 3);
  assert.match(shown[1], /50 %\nfor “signup”, since \d\d:\d\d/);
  await page.getByText("when it is the better one").waitFor();
  await page.getByRole("rowheader", { name: /Goal “signup”/ }).waitFor();
  assert.equal((await ask(worker(), "status?site=club")).optimise.period, true);
});

test("where only people decide, nothing is said to go back by itself", async (t) => {
  const { page } = await inside(t, { site: "office" });
  await page.getByText("means it is worse than allowed, and a person decides").waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog").getByText("Harm is only shown: a person takes it back.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByText("Nothing, until somebody lets it go on. Harm is only shown: a person takes it back.").waitFor();
});
