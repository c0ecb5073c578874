// What is handed to Prometheus and Grafana: every metric that a rule or a panel asks for is one that a Worker gives.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { age, eventually, visit } from "./population.mjs";
import { ROOT, startWorker, writeBuild } from "./worker.mjs";

const TOKEN = "viewer-token-of-prometheus-00001";

const rules = readFileSync(join(ROOT, "ops/prometheus-rules.yml"), "utf8");
const dashboard = JSON.parse(readFileSync(join(ROOT, "ops/grafana.json"), "utf8"));
const questions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

let worker;
let metrics;

before(async () => {
  const page = (id) => writeBuild(`ops-${id}`, { "index.html": `<!doctype html><title>${id}</title><body>${id}</body>` });
  worker = await startWorker({
    name: "ops",
    config: {
      sites: {
        shop: {
          versions: { v1: "assets:v1", v2: "assets:v2", v0: "assets:v0" },
          stable: "v1",
          rollout: { canary: "v2", steps: [{ weight: "50%", hold: "1h" }, "100%"] },
          feedback: { shards: 1 },
        },
        other: { hosts: ["other.localhost"], versions: { v1: "assets:v1" }, stable: "v1" },
      },
    },
    folders: { v0: page("v0"), v1: page("v1"), v2: page("v2") },
    secrets: {
      HALFTONE_TOKENS: [
        `prometheus:viewer:${createHash("sha256").update(TOKEN).digest("hex")}`,
        `tests:operator:${createHash("sha256").update("operator-token-of-every-test-001").digest("hex")}`,
      ].join(","),
    },
  });
  const events = [
    { e: "alive", at: 100 },
    { e: "vital", n: "LCP", v: 1200, id: "v1-1" },
    { e: "error", m: "it broke" },
  ];
  // One page of each version stays white, which says nothing of either.
  const white = new Set();
  await visit(worker, 24, ({ version }) => (white.size < white.add(version).size ? [] : events.slice(0, 1)));
  await worker.fetch("/_halftone/in", { method: "POST", body: '[{"t":"nonsense","e":"alive","at":1}]' });
  await age(worker);
  const scrape = async () =>
    (await worker.fetch("http://admin.example/metrics", { headers: { authorization: `Bearer ${TOKEN}` } })).text();
  metrics = await eventually(async () => {
    // Objects look at what is due when something is noted; what was aged behind their last look waits for that.
    await visit(worker, 1, () => events.slice(0, 1));
    const text = await scrape();
    const wanted = ["halftone_pages_missing_total", "halftone_guard_verdict", "halftone_looked_age_seconds"];
    return wanted.every((name) => text.includes(name)) ? text : null;
  }, "pages that were counted and looked at");
});

after(() => worker?.close());

/** Families that a text of metrics has samples of. */
const families = (text) => new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));

/** Families that only come with what has to happen first: the code that names them is looked into instead. */
function isNamed(family) {
  const sources = [
    "src/beacon/fold.rs",
    "src/beacon/row.rs",
    "src/beacon/fold/tests.rs",
    "src/edge/gauges.mjs",
    "src/beacon/tallies.rs",
  ]
    .map((path) => readFileSync(join(ROOT, path), "utf8"))
    .join("\n");
  const counter = family.replace(/^halftone_/, "").replace(/_(total|seconds|ratio)$/, "");
  return sources.includes(`"${counter}"`) || sources.includes(family);
}

test("a site's standing is shown beside its counts, in the format of Prometheus", () => {
  for (const line of [
    'halftone_phase{site="shop",phase="ramping"} 1',
    'halftone_phase{site="other",phase="idle"} 1',
    'halftone_off{site="shop"} 0',
    'halftone_rollout_step{site="shop",rollout="v2",canary="v2"} 1',
    'halftone_rollout_steps{site="shop",rollout="v2",canary="v2"} 2',
  ])
    assert.ok(metrics.split("\n").includes(line), `${line}\n${metrics}`);
  assert.match(metrics, /^halftone_revision\{site="shop"\} \d+$/m);
  assert.match(metrics, /^halftone_guard_verdict\{site="shop",guard="missing",place=""\} 0$/m);
  assert.match(metrics, /^halftone_looked_age_seconds\{site="shop"\} \d+$/m);
  const names = [...metrics.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  assert.equal(new Set(names).size, names.length, "each family once");
});

test("every rule and every panel asks for metrics there are", () => {
  const there = families(metrics);
  const asked = new Set(
    [rules, ...questions].flatMap((text) =>
      [...text.matchAll(/\bhalftone_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, "")),
    ),
  );
  assert.ok(asked.size > 10);
  for (const name of asked) assert.ok(there.has(name) || isNamed(name), `no metric is called ${name}`);
  for (const name of ["halftone_pages_total", "halftone_pages_missing_total", "halftone_phase", "halftone_guard_harm_ratio"])
    assert.ok(there.has(name), name);
});

test("log lines are JSON with the fields that the table for OpenTelemetry names, and no others", async () => {
  const document = readFileSync(join(ROOT, "docs/operations.md"), "utf8");
  const table = /\| field \| OpenTelemetry \|\n([\s\S]*?)\n\n/.exec(document)[1];
  const firsts = [...table.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell]) => cell.replace(/\(.*\)/, ""));
  const named = new Set(firsts.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name)));
  const paused = await worker.fetch("http://admin.example/api/v1/pause?site=shop", {
    method: "POST",
    headers: { authorization: "Bearer operator-token-of-every-test-001" },
  });
  assert.equal(paused.status, 200);
  const lines = () => worker.logs().map((line) => JSON.parse(line));
  await eventually(() => lines().some(({ kind, by }) => kind === "pause" && by === "tests"), "the line about the pause");
  for (const line of lines()) {
    assert.ok(["info", "error"].includes(line.level) && typeof line.message === "string", JSON.stringify(line));
    for (const name of Object.keys(line)) assert.ok(named.has(name), `${name} is not in the table`);
  }
});

test("the dashboard is one that Grafana imports: ids, places on the grid, questions", () => {
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { title, type, gridPos, datasource, targets, description } of dashboard.panels) {
    assert.ok(title && description && type, title);
    assert.ok(gridPos.x + gridPos.w <= 24 && gridPos.h > 0, title);
    assert.equal(datasource.uid, `\${datasource}`);
    assert.ok(targets.length > 0 && targets.every(({ expr, refId }) => expr && refId), title);
  }
  const taken = new Set();
  for (const { gridPos, title } of dashboard.panels)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x} ${y}`), `${title} lies over another panel`);
        taken.add(`${x} ${y}`);
      }
});

test("where promtool is installed, it reads every rule and every question", (t) => {
  const promtool = process.env.PROMTOOL ?? "promtool";
  try {
    execFileSync(promtool, ["--version"], { stdio: "ignore" });
  } catch {
    return t.skip("promtool is not installed (Debian: apt-get install prometheus)");
  }
  const folder = join(ROOT, "tests/.work/ops");
  mkdirSync(folder, { recursive: true });
  const plain = questions.map((expr) => expr.replaceAll("$__rate_interval", "5m").replaceAll("$site", ".*"));
  const asRules = plain.map((expr, at) => `      - record: panel:${at}\n        expr: ${JSON.stringify(expr)}\n`).join("");
  writeFileSync(join(folder, "panels.yml"), `groups:\n  - name: panels\n    rules:\n${asRules}`);
  for (const file of [join(ROOT, "ops/prometheus-rules.yml"), join(folder, "panels.yml")])
    execFileSync(promtool, ["check", "rules", file], { stdio: "pipe" });
  execFileSync(promtool, ["check", "metrics"], { input: metrics, stdio: ["pipe", "pipe", "pipe"] });
});
