// What was counted, as people, programs and Prometheus read it: `halftone tallies`, the API, and `/metrics` through a parser that
// is not ours. All three are of one run, and say the same.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import parsePrometheus from "parse-prometheus-text-format";
import { age, eventually, SLOW_MS, visit } from "./population.mjs";
import { ROOT, startWorker, writeBuild } from "./worker.mjs";

const OPERATOR = "operator-token-of-every-test-001";
const VISITORS = 40;

const config = {
  admin: { host: "127.0.0.1" },
  sites: {
    shop: {
      hosts: ["shop.localhost"],
      versions: { v1: "assets:v1", v2: "assets:v2" },
      stable: "v1",
      default: true,
      rollout: { canary: "v2", steps: ["50%"], decide: "never" },
      feedback: { shards: 1 },
    },
    quiet: { hosts: ["quiet.localhost"], versions: { v1: "assets:v1" }, stable: "v1" },
  },
};

let worker;
/** The answer of the API once all is counted, and what was seen while the pages were visited. */
let tallies;
const seen = { v1: { pages: 0, errors: 0, missing: 0 }, v2: { pages: 0, errors: 0, missing: 0 } };

before(async () => {
  const page = (version) => writeBuild(`tallies-${version}`, { "index.html": `<!doctype html><title>${version}</title>` });
  worker = await startWorker({ name: "tallies", config, folders: { v1: page("v1"), v2: page("v2") } });
  const at = "http://shop.localhost/";
  let turn = 0;
  await visit(
    worker,
    VISITORS,
    ({ version }) => {
      turn += 1;
      const mine = seen[version];
      mine.pages += 1;
      if (turn % 10 === 0) {
        mine.missing += 1;
        return [];
      }
      const breaks = turn % 4 === 1;
      if (breaks) mine.errors += 1;
      const vitals = [
        { e: "vital", name: "LCP", value: 900 + turn, id: "a" },
        { e: "vital", name: "TTFB", value: 40, id: "b" },
      ];
      return [{ e: "alive", at: 100 }, ...vitals, ...(breaks ? [{ e: "error", kind: "error", at: 120 }] : [])];
    },
    { path: at },
  );
  await worker.fetch(new URL("/_halftone/in", at), { method: "POST", body: '[{"t":"nonsense","e":"alive","at":1}]' });
  /** Asks until a counter of all cells is so high; an isolate tells what it dropped with a later request. */
  const counted = (what, of, wanted) =>
    eventually(async () => {
      await worker.fetch(new URL("/_halftone/in", at), { method: "POST", body: "[]" });
      const answer = await worker.admin("tallies?site=shop");
      return answer.drops.bad_token && answer.cells.reduce((sum, cell) => sum + (of(cell) ?? 0), 0) === wanted ? answer : null;
    }, what);
  await age(worker);
  await counted("a trial of every visitor", ({ counts }) => counts.trials, VISITORS);
  await counted("every vote", ({ counts }) => counts["vote.errors"], seen.v1.errors + seen.v2.errors);
  await age(worker, SLOW_MS);
  // A note wakes the object: a robot's page, which is counted apart.
  await (await worker.navigate(at, { headers: { "user-agent": "Googlebot/2.1" } })).body?.cancel();
  await counted("the robot", (cell) => cell.class === "bot" && cell.counts.pages, 1);
  const measured = VISITORS - seen.v1.missing - seen.v2.missing;
  tallies = await counted("the vitals", ({ vitals }) => vitals.lcp?.n, measured);
});
after(() => worker?.close());

/** Runs it beside the Worker, which this process serves. */
const halftone = (...words) =>
  new Promise((resolve) => {
    const env = { ...process.env, HALFTONE_URL: worker.url.href, HALFTONE_TOKEN: OPERATOR };
    execFile(join(ROOT, "target/release/halftone"), words, { env, cwd: worker.work }, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, stdout, stderr }),
    );
  });

describe("halftone tallies", () => {
  test("is a table with a line for each version, and what was dropped, without colours in a pipe", async () => {
    const { status, stdout, stderr } = await halftone("tallies", "--site", "shop");
    assert.equal(status, 0, stderr);
    assert.ok(!stdout.includes("\x1b"));
    const [head, ...lines] = stdout.trimEnd().split("\n");
    const names = head.split(/ {2,}/);
    assert.deepEqual(names.slice(0, 9), ["class", "arm", "version", "step", "place", "pages", "trials", "missing", "errors"]);
    const rows = lines.filter((line) => line.startsWith("drawn"));
    // Columns stand below their names: an empty place is none of its words.
    const cell = (line, name) => line.slice(head.indexOf(name)).split(/ {2,}/)[0].trim();
    const shown = Object.fromEntries(
      rows.map((line) => [
        cell(line, "version"),
        Object.fromEntries(["pages", "errors", "missing"].map((name) => [name, Number(cell(line, `${name} `))])),
      ]),
    );
    assert.deepEqual(shown, seen);
    assert.deepEqual(
      lines.filter((line) => line.startsWith("dropped:")),
      [`dropped: ${tallies.drops.bad_token} bad_token`],
    );
  });

  test("is with --json what the API says", async () => {
    const { status, stdout } = await halftone("tallies", "--site", "shop", "--json");
    const said = JSON.parse(stdout);
    assert.equal(status, 0);
    assert.deepEqual({ ...said, now_ms: 0 }, { ...tallies, now_ms: 0 });
    const { vitals } = said.cells.find(({ version }) => version === "v2");
    assert.equal(vitals.lcp.n, seen.v2.pages - seen.v2.missing);
    const { p75, p75_low: low, p75_high: high } = vitals.lcp;
    assert.ok((low === null || low <= p75) && (high === null || p75 <= high), JSON.stringify(vitals.lcp));
    assert.ok(vitals.lcp.p50 > 880 && vitals.lcp.p95 < 960 && vitals.lcp.p75 >= vitals.lcp.p50, JSON.stringify(vitals.lcp));
  });

  test("says that there is nothing yet, and what is wrong where something is", async () => {
    assert.match((await halftone("tallies", "--site", "quiet")).stdout, /^nothing is counted yet: /);
    const { status, stdout, stderr } = await halftone("tallies", "--site", "nowhere");
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /there is no such site.*shop, quiet/);
  });
});

test("what Prometheus reads is what the API says, sample by sample", async () => {
  const answer = await worker.fetch(`http://${worker.adminHost}/metrics`, { headers: { authorization: `Bearer ${OPERATOR}` } });
  assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = await answer.text();
  const families = parsePrometheus(text);
  assert.equal(new Set(families.map(({ name }) => name)).size, families.length, "each family once");
  for (const { name, help, type } of families) {
    assert.match(name, /^halftone_[a-z_]+$/);
    assert.ok(help.length > 0 && ["COUNTER", "GAUGE", "HISTOGRAM"].includes(type), `${name} ${type}`);
    assert.equal(type === "COUNTER", name.endsWith("_total"), name);
  }
  // The parser makes one of all series of a histogram; without the types it gives every line of them.
  const lines = parsePrometheus(text.replace(/^# TYPE .*\n/gm, "").replace(/^# HELP .*\n/gm, ""));
  const samples = (name) => lines.filter((line) => line.name === name).flatMap(({ metrics }) => metrics);
  const isOf = (cell) => (labels) =>
    labels.site === "shop" &&
    ["class", "arm", "version", "place"].every((label) => labels[label] === cell[label]) &&
    labels.step === `${cell.step}`;
  let compared = 0;
  for (const cell of tallies.cells) {
    const is = isOf(cell);
    for (const [counter, n] of Object.entries(cell.counts)) {
      const [name, guard] = counter.split(/\.(.*)/s);
      const found = samples(`halftone_${name}_total`).filter(({ labels }) => is(labels) && labels.guard === guard);
      assert.deepEqual(
        found.map(({ value }) => Number(value)),
        [n],
        counter,
      );
      compared += 1;
    }
    for (const [vital, { n }] of Object.entries(cell.vitals)) {
      const values = (suffix) =>
        samples(`halftone_${vital}_seconds_${suffix}`)
          .filter(({ labels }) => is(labels))
          .map(({ labels, value }) => [labels.le, Number(value)]);
      assert.deepEqual(values("count"), [[undefined, n]]);
      const buckets = values("bucket");
      assert.deepEqual(buckets.at(-1), ["+Inf", n]);
      assert.ok(buckets.length > 5 && buckets.slice(1).every(([, value], before) => value >= buckets[before][1]), `${buckets}`);
      compared += 1;
    }
  }
  assert.ok(compared > 20, `${compared} samples`);
  assert.deepEqual(
    samples("halftone_beacons_dropped_total").map(({ labels, value }) => [labels, Number(value)]),
    [[{ site: "shop", reason: "bad_token" }, tallies.drops.bad_token]],
  );
});

test("nothing of this was an error", () => {
  assert.deepEqual(
    worker.logs().filter((line) => line.includes('"level":"error"')),
    [],
  );
});
