// The config's editor of the dashboard, in Chromium: the checker at one's side, what the schema offers, publishing and going back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { complaints } from "./chromium.mjs";
import { ask, at } from "./dashboard-site.mjs";
import { looksRight, visits } from "./dashboard-visits.mjs";

const { worker, inside } = visits("dashboard-config");

test("the config is edited with the checker at one’s side, published with a reason, and gone back to", async (t) => {
  const { page, loaded } = await inside(t, { site: "blog", view: "config" });
  const heard = complaints(page);
  const text = page.getByRole("textbox", { name: "The config" });
  await text.getByText('"new-zealand-first"').waitFor();
  await page.getByText("Nothing would change: this says what is in force.").waitFor();
  await looksRight(page, "config");
  const before = (await ask(worker(), "status?site=blog")).revision;

  // A word that is none is underlined where it stands, and named beside the text.
  await type(page, '"NZ"', '"New Zeeland"');
  await page.getByRole("status").getByText("1 error").waitFor();
  await text.locator(".cm-lintRange-error").getByText("New Zeeland").waitFor();
  await page.getByText(/sites\.blog\.rules\[0\]\.when\.country/).waitFor();
  assert.ok(await page.getByRole("button", { name: "Publish …" }).isDisabled());
  await looksRight(page, "config-error");

  await type(page, '"New Zeeland"', '["NZ", "AU"]');
  await page.getByRole("list", { name: "What would change" }).getByText("rules.new-zealand-first.when").waitFor();
  await page.getByRole("cell", { name: "v2 100 %" }).first().waitFor();
  await page.getByRole("button", { name: "Compare with live" }).click();
  await text.locator(".cm-deletedChunk").waitFor();
  await looksRight(page, "config-changed");
  await page.getByRole("button", { name: "Publish …" }).click();
  await page.getByRole("dialog").getByLabel("Why?").fill("Australia, too");
  await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await page
    .getByRole("status")
    .getByText(/Australia, too/)
    .waitFor();
  await page.getByText("Nothing would change: this says what is in force.").waitFor();
  const { revision } = await ask(worker(), "status?site=blog");
  assert.ok(revision > before);
  assert.match((await ask(worker(), "source?site=blog")).text, /\["NZ", "AU"\]/);

  // Back to the text of before.
  await page.getByLabel("Begin with the text of an earlier revision").selectOption({ index: 2 });
  await page.getByRole("list", { name: "What would change" }).waitFor();
  await page.getByRole("button", { name: "Publish …" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await page.getByText("Nothing would change: this says what is in force.").waitFor();
  assert.ok(!(await ask(worker(), "source?site=blog")).text.includes('"AU"'));
  assert.deepEqual(
    loaded.filter((url) => !url.startsWith(at(worker(), "admin"))),
    [],
  );
  assert.deepEqual(heard, []);
});

test("while the config is written the schema says what may come, and what is there means", async (t) => {
  const { page } = await inside(t, { site: "blog", view: "config" });
  const text = page.getByRole("textbox", { name: "The config" });
  const line = text.locator(".cm-line").filter({ hasText: '"canary"' }).first();
  await line.click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+Space");
  const offered = page.locator(".cm-tooltip-autocomplete").getByRole("option");
  await offered.filter({ hasText: '"strategy"' }).click();
  await text.getByText('"strategy"').first().waitFor();
  // What is there already is not offered again.
  await page.keyboard.press("End");
  await page.keyboard.type(",");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+Space");
  await offered.filter({ hasText: '"guards"' }).waitFor();
  assert.equal(await offered.filter({ hasText: /^"(canary|strategy)"/ }).count(), 0);
  await page.keyboard.press("Escape");

  await text.getByText('"canary"').first().hover();
  await page
    .locator(".cm-tooltip-hover")
    .getByText(/version/i)
    .first()
    .waitFor();
});

/** Writes over a piece of a line of the config's text. */
async function type(page, found, put) {
  const lines = page.getByRole("textbox", { name: "The config" }).locator(".cm-line");
  const line = lines.filter({ hasText: found });
  const text = (await line.textContent()).trim();
  // After the window's size has changed lines may still be on their way to their places.
  do await line.click();
  while ((await page.locator(".cm-activeLine").filter({ hasText: found }).count()) === 0);
  await page.keyboard.press("End");
  await page.keyboard.press("Shift+Home");
  await page.keyboard.insertText(text.replace(found, put));
  await lines.filter({ hasText: put }).waitFor();
}
