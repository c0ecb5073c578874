// The dashboard behind Cloudflare Access alone, in Chromium: who was let in there is in here, by name and role, without a token.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTeam } from "../e2e/team.mjs";
import { at } from "./dashboard-site.mjs";
import { visits } from "./dashboard-visits.mjs";

let team;
const { worker, arrive } = visits("dashboard-access", async () => {
  team = await startTeam();
  return { secrets: { HALFTONE_ACCESS: team.secret } };
});
after(() => team?.close());

/** As Access adds it to every request of somebody it let in. */
const by = (email) => ({ headers: { "cf-access-jwt-assertion": team.assertion({ email }) } });

/** What the page's own code gets when it does this. */
const act = (page, command) =>
  page.evaluate(async (command) => {
    const init = { method: "POST", body: '{"why":"tea"}', headers: { "halftone-dashboard": "1" } };
    const response = await fetch(`/api/v1/${command}?site=blog`, init);
    return { status: response.status, ...(await response.json()) };
  }, command);

test("an operator of Access is in at once, acts under that name, and signs out where Access does", async (t) => {
  const { page, context } = await arrive(t, by("ann@acme.example"));
  await page.getByText("ann@acme.example operator").waitFor();
  await page.goto(`${at(worker(), "admin")}#/blog/now`);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog").getByLabel("Why?").fill("tea");
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByRole("listitem").filter({ hasText: "Paused by ann@acme.example" }).getByText("tea").waitFor();
  assert.equal(await page.getByRole("link", { name: "Sign out" }).getAttribute("href"), "/cdn-cgi/access/logout");
  assert.deepEqual(await context.cookies(at(worker(), "admin")), [], "there is no session beside that of Access");
});

test("a viewer of Access sees everything and can do nothing, whatever the page asks for", async (t) => {
  const { page } = await arrive(t, by("ben@acme.example"));
  await page.getByText("ben@acme.example viewer").waitFor();
  await page.goto(`${at(worker(), "admin")}#/blog/now`);
  await page.getByText("To act you have to be an operator").waitFor();
  assert.equal(await page.getByRole("button", { name: /Roll back|Pause|Go on/ }).count(), 0);
  for (const command of ["rollback", "resume", "off"]) {
    const { status, error } = await act(page, command);
    assert.deepEqual([status, error.code], [403, "not_allowed"], command);
  }
});

test("whom Access vouches for and nobody listed is at the door", async (t) => {
  const { page } = await arrive(t, by("eve@other.example"));
  await page.getByLabel("Your token").waitFor();
  const { status, error } = await act(page, "rollback");
  assert.deepEqual([status, error.code], [401, "no_token"]);
});
