// The config in git, published by CI: the commands of the documented workflow, as its jobs run them, against a Worker.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ROOT, said, startWorker, writeBuild } from "./worker.mjs";

const OPERATOR = "operator-token-of-the-pipeline-1";
const VIEWER = "viewer-token-of-the-pipeline-001";
const hash = (token) => createHash("sha256").update(token).digest("hex");

const document = readFileSync(join(ROOT, "docs/gitops.md"), "utf8");
const workflow = /```yaml\n([\s\S]*?)```/.exec(document)[1];

/** The commands of a job, less those that fetch the repository and build the program. */
function commands(job) {
  const start = workflow.indexOf(`\n  ${job}:\n`);
  const rest = workflow.slice(start + 1);
  const end = rest.slice(2).search(/\n {2}\w+:\n/);
  const text = end < 0 ? rest : rest.slice(0, end + 2);
  const runs = [...text.matchAll(/^ {8}run: (?:\|\n((?: {10}.*\n?)+)|(.*))$/gm)].map(([, block, line]) => block ?? line);
  return runs.filter((run) => !run.includes("cargo build"));
}

const config = (more) => ({
  admin: { host: "localhost" },
  sites: {
    shop: {
      versions: { v1: "assets:v1", v2: "assets:v2" },
      stable: "v1",
      rollout: { canary: "v2", steps: [{ weight: "10%", hold: "1h" }, "100%"] },
      ...more,
    },
  },
});

let worker;

before(async () => {
  const page = (id) => writeBuild(`gitops-${id}`, { "index.html": `<!doctype html><title>${id}</title>` });
  worker = await startWorker({
    name: "gitops",
    config: config({}),
    folders: { v1: page("v1"), v2: page("v2") },
    secrets: { HALFTONE_TOKENS: `ci:operator:${hash(OPERATOR)},look:viewer:${hash(VIEWER)}` },
  });
});

after(() => worker?.close());

/** Runs a job in the worktree; ends at the first command that fails, as CI does. */
async function job(name, token) {
  const env = {
    ...process.env,
    PATH: `${join(ROOT, "target/release")}${delimiter}${process.env.PATH}`,
    HALFTONE_URL: Object.assign(new URL(worker.url), { hostname: "localhost" }).href,
    HALFTONE_TOKEN: token,
    GITHUB_ACTOR: "ann",
    GITHUB_SHA: "0123456789abcdef",
    GITHUB_STEP_SUMMARY: "/dev/null",
  };
  let output = "";
  for (const command of commands(name)) {
    const status = await new Promise((resolve) =>
      execFile("bash", ["-eo", "pipefail", "-c", command], { cwd: worker.work, env }, (error, stdout, stderr) => {
        output += stdout + stderr;
        resolve(error?.code ?? 0);
      }),
    );
    if (status !== 0) return { status, output };
  }
  return { status: 0, output };
}

const merge = (next) => writeFileSync(join(worker.work, "halftone.json"), JSON.stringify(next, null, 2));

const inForce = async () =>
  (await worker.fetch("http://localhost/api/v1/status", { headers: { authorization: `Bearer ${VIEWER}` } })).json();

describe("the workflow", { concurrency: false }, () => {
  test("has commands for each of its jobs", () => {
    for (const name of ["propose", "publish", "drift"]) assert.ok(commands(name).length > 0, name);
  });

  test("shows who a proposal would move, and changes nothing", async () => {
    const { revision } = await inForce();
    merge(config({ rules: [{ name: "show", when: { query: { show: "v2" } }, serve: "v2" }] }));
    const { status, output } = await job("propose", VIEWER);
    assert.equal(status, 0, output);
    assert.match(output, /no problems/);
    assert.match(output, new RegExp(`revision ${revision} is in force`));
    assert.match(output, /rule show/);
    assert.equal((await inForce()).revision, revision);
  });

  test("stops at a file with an error, before the Worker hears of it", async () => {
    const { revision } = await inForce();
    merge(config({ stable: "v3" }));
    for (const [name, token] of [
      ["propose", VIEWER],
      ["publish", OPERATOR],
    ]) {
      const { status, output } = await job(name, token);
      assert.equal(status, 1, output);
      assert.match(output, /sites\.shop\.stable: `v3` is not a version of this site/);
    }
    assert.equal((await inForce()).revision, revision);
  });

  test("brings what was merged into force, under the name of the pipeline", async () => {
    const { revision } = await inForce();
    merge(config({ rules: [{ name: "show", when: { query: { show: "v2" } }, serve: "v2" }] }));
    const { status, output } = await job("publish", OPERATOR);
    assert.equal(status, 0, output);
    assert.ok((await inForce()).revision > revision);
    // Isolates ask within ten seconds; each look of this one is a page view.
    for (let end = Date.now() + 30_000; Date.now() < end; ) {
      const page = await worker.navigate("/?show=v2");
      await page.body?.cancel();
      if (said(page).why === "rule") return;
      await new Promise((done) => setTimeout(done, 100));
    }
    assert.fail("the rule was not in force within 30 s");
  });

  test("leaves a viewer's token out of it", async () => {
    const { status, output } = await job("publish", VIEWER);
    assert.equal(status, 2);
    assert.match(output, /look is a viewer; this takes an operator/);
  });

  test("shows where file and Worker have drifted apart, with what happened and by whom", async () => {
    const { status, output } = await job("drift", VIEWER);
    assert.equal(status, 0, output);
    assert.match(output, /site shop, revision \d+ is in force/);
    assert.match(output, /ci/);
    assert.match(output, /ann at 0123456/);
  });
});
