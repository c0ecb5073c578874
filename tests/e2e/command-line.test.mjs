// The command line against a running Worker, as a person and a pipeline use it: what it does, what it says, how it ends.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { ROOT, startWorker, writeBuild } from "./worker.mjs";

const page = (version) => `<!doctype html><html><head><title>${version}</title></head><body>${version}</body></html>`;
const HALFTONE = join(ROOT, "target/release/halftone");

const config = (rollout, site = {}) => ({
  admin: { host: "127.0.0.1" },
  sites: {
    shop: {
      hosts: ["shop.example"],
      versions: { v1: "assets:v1", v2: "assets:v2" },
      stable: "v1",
      rollout: { canary: "v2", steps: [{ weight: "5%", hold: "1h", approval: true }, "50%", "100%"], ...rollout },
      allow_origins: ["https://*.pages.example/"],
      ...site,
    },
  },
});

let worker;
before(async () => {
  worker = await startWorker({
    name: "command-line",
    config: config({}),
    folders: {
      v1: writeBuild("command-line-v1", { "index.html": page("v1") }),
      v2: writeBuild("command-line-v2", { "index.html": page("v2") }),
    },
  });
});
after(() => worker?.close());

const env = () => ({ ...process.env, HALFTONE_URL: worker.url.href, HALFTONE_TOKEN: "operator-token-of-every-test-001" });

/** Runs it beside the Worker, which this process serves; gives how it ended and what it said. */
function run(words, env) {
  return new Promise((resolve) => {
    execFile(HALFTONE, words, { env, cwd: worker.work }, (error, stdout, stderr) => {
      resolve({ status: error ? error.code : 0, stdout, said: `${stdout}${stderr}` });
    });
  });
}

const halftone = (...words) => run(words, env());

async function ok(...words) {
  const { status, stdout, said } = await halftone(...words);
  assert.equal(status, 0, said);
  return stdout;
}

const file = (name, config) => {
  const path = join(worker.work, name);
  writeFileSync(path, JSON.stringify(config));
  return path;
};

describe("a person", () => {
  test("looks at it, in words and as JSON", async () => {
    assert.match(await ok("status"), /site +shop \(revision 1\)\nstable +v1\nrollout +ramping\ncanary +v2, step 1 of 3 \(5%\)/);
    assert.equal(JSON.parse(await ok("status", "--json")).phase, "ramping");
  });

  test("sees a status that draws itself again, and ends on a signal", async () => {
    const watching = spawn(HALFTONE, ["status", "--watch"], { env: env(), cwd: worker.work });
    let drawn = "";
    for await (const chunk of watching.stdout) {
      drawn += chunk;
      if (drawn.split("site      shop").length > 2) break;
    }
    const ended = new Promise((resolve) => watching.on("exit", (code, signal) => resolve(signal ?? code)));
    watching.kill("SIGINT");
    assert.equal(await ended, "SIGINT");
    assert.ok(!drawn.includes("\x1b"), "a pipe gets no screen codes");
  });

  test("sees it live in a terminal: in colours, over what stood there, also after the line was gone for a while", async (t) => {
    // Between it and the Worker, so that one answer can be lost on the way.
    let asked = 0;
    const line = createServer(async (request, response) => {
      asked += 1;
      if (asked === 2) return request.socket.destroy();
      const answer = await worker.fetch(request.url, { headers: { authorization: request.headers.authorization } });
      response.end(await answer.text());
    });
    line.listen(0, "127.0.0.1");
    await once(line, "listening");
    t.after(() => {
      line.closeAllConnections();
      line.close();
    });
    const url = `http://127.0.0.1:${line.address().port}/`;
    // `script` of util-linux gives what it runs a terminal.
    const watching = spawn("script", ["-qefc", `${HALFTONE} status --watch`, "/dev/null"], {
      env: { ...env(), HALFTONE_URL: url, TERM: "xterm" },
      cwd: worker.work,
    });
    let drawn = "";
    for await (const chunk of watching.stdout) {
      drawn += chunk;
      if (drawn.split("\x1b[H").length > 3 && drawn.endsWith("\x1b[J")) break;
    }
    watching.kill();
    const [, first, lost, again] = drawn.split("\x1b[H");
    for (const page of [first, lost, again]) {
      assert.match(stripVTControlCharacters(page), /site +shop \(revision 1\)\r\n[\s\S]*Ctrl-C ends it/);
      assert.ok(page.includes("\x1b[K\r\n"), "what stood in a line is gone");
    }
    assert.ok(lost.includes("\x1b[1m\x1b[31mhttp:") && lost.includes("does not answer"), lost);
    assert.ok(!first.includes("does not answer") && !again.includes("does not answer"));
  });

  test("sees colours where they are wanted, and none in a pipe", async () => {
    const forced = { ...env(), CLICOLOR_FORCE: "1" };
    for (const words of [["history"], ["status"]]) {
      const { stdout } = await run(words, forced);
      assert.ok(stdout.includes("\x1b["), words.join(" "));
      assert.equal(stripVTControlCharacters(stdout).split("\n")[0], (await ok(...words)).split("\n")[0]);
    }
    assert.ok(!(await run(["status", "--json"], forced)).stdout.includes("\x1b"));
  });

  test("moves it, and every word is in the history", async () => {
    assert.match(await ok("pause", "--why", "lunch"), /revision 1: pause by tests: lunch\n.*`halftone resume` lets it go on\n/);
    assert.match(await ok("resume"), /resume by tests/);
    assert.match(await ok("approve", "--why", "seen"), /approve by tests: seen/);
    assert.match(await ok("advance"), /revision 2: advance by tests, step 1 → 2/);
    assert.match(await ok("off"), /revision 3: off by tests/);
    assert.match(await ok("on"), /revision 4: on by tests/);
    const history = await ok("history");
    for (const word of ["start by deploy", "pause by tests: lunch", "approve by tests: seen", "advance", "off", "on by"])
      assert.ok(history.includes(word), `${word} in ${history}`);
  });

  test("freezes it, and is refused what would take it forward until that is undone", async () => {
    assert.match(await ok("freeze", "--until", "3d", "--why", "holidays"), /freeze by tests: holidays/);
    const { status, said } = await halftone("promote");
    assert.equal(status, 2);
    assert.match(said, /it is frozen \(holidays\).*--override --why/);
    assert.match(await ok("status"), /the end of a freeze \(holidays\)/);
    assert.match(await ok("unfreeze"), /unfreeze by tests/);
    assert.doesNotMatch(await ok("status"), /freeze/);
  });

  test("is told why something can not be done, with the exit code for that", async () => {
    const { status, said } = await halftone("clear", "v9");
    assert.equal(status, 2);
    assert.match(said, /v9 is not in quarantine/);
    const { status: nobody } = await run(["status"], { ...env(), HALFTONE_TOKEN: "nobodys-token-at-all-01" });
    assert.equal(nobody, 2);
  });
});

describe("a config", () => {
  const changed = () =>
    file(
      "changed.json",
      config(
        { steps: [{ weight: "5%", hold: "2h" }, "50%", "100%"] },
        {
          rules: [{ name: "nz", when: { country: "NZ" }, serve: "canary" }],
        },
      ),
    );

  test("is compared with what is in force, and nothing is done", async () => {
    const said = await ok("diff", changed());
    assert.match(said, /\+ rules\.nz\.serve\.v2: "100%"/);
    assert.match(said, /~ rollout\.steps\.1\.hold_s: 3600 → 7200/);
    assert.match(said, /visitors from NZ/);
    assert.match(await ok("diff", join(worker.work, "halftone.json")), /the configs say the same/);
    const dry = await ok("publish", changed(), "--dry-run");
    assert.match(dry, /would be revision 5: start by/);
    assert.equal(JSON.parse(await ok("status", "--json")).revision, 4);
  });

  test("is published from the revision it was made from, and from no other", async () => {
    const { status, said } = await halftone("publish", changed(), "--parent", "3");
    assert.equal(status, 2);
    assert.match(said, /revision 4 is in force and this was made from 3/);
    assert.match(await ok("publish", changed(), "--why", "new zealand first"), /revision 5: start by tests: new zealand first/);
    assert.match(await ok("publish", changed()), /this is in force already; nothing was done/);
    const changes = JSON.parse(await ok("diff", "--from", "1", "--to", "5", "--json")).changes;
    assert.deepEqual(
      changes.filter(({ path }) => path.startsWith("rollout.steps.1.hold")),
      [{ from: 3600, path: "rollout.steps.1.hold_s", to: 7200 }],
    );
  });

  test("brings a version that no deploy listed only from an origin that the deploy allowed", async () => {
    const bring = (origin) =>
      halftone(
        "publish",
        file("brings.json", config({}, { versions: { v1: "assets:v1", v2: "assets:v2", v3: origin } })),
        "--dry-run",
      );
    assert.equal((await bring("https://abc.pages.example")).status, 0);
    for (const origin of [
      "https://evil.example",
      "https://pages.example",
      "https://a.b.pages.example.evil.example",
      "https://evil.example/x.pages.example",
    ]) {
      const { status, said } = await bring(origin);
      assert.equal(status, 2, origin);
      assert.match(
        said,
        /version `v3` was not deployed, and `https:.*is not among the origins that the deployed config allows/,
        origin,
      );
    }
    const moved = config({}, { versions: { v1: "assets:v1", v2: "https://abc.pages.example" } });
    assert.match((await halftone("publish", file("moved.json", moved))).said, /`v2` was deployed with another origin/);
  });

  test("with errors is not sent at all", async () => {
    const { status, said } = await halftone("publish", file("broken.json", { sites: {} }));
    assert.equal(status, 1, said);
  });
});

describe("a pipeline", () => {
  test("waits for so long at most", async () => {
    const { status, said } = await halftone("wait", "--until", "promoted", "--timeout", "1");
    assert.equal(status, 4);
    assert.match(said, /still ramping after 1 seconds/);
  });

  test("hears of a promotion while it waits", async () => {
    const waiting = spawn(HALFTONE, ["wait", "--canary", "v2"], { env: env(), cwd: worker.work });
    const ended = new Promise((resolve) => waiting.on("exit", resolve));
    await ok("promote", "--why", "sure");
    assert.equal(await ended, 0);
  });

  test("does not take the promotion of another canary for its own", async () => {
    assert.equal((await halftone("wait", "--timeout", "1")).status, 0, "without a name the last rollout counts");
    assert.equal((await halftone("wait", "--canary", "v3", "--timeout", "1")).status, 4);
    assert.equal((await halftone("wait", "--canary", "v2", "--timeout", "1")).status, 0);
  });

  test("hears that it went back, and is told so by name as long as it is in quarantine", async () => {
    assert.match(await ok("rollback", "--why", "no"), /`halftone clear VERSION` lets the build out of quarantine/);
    assert.equal((await halftone("wait", "--timeout", "1")).status, 3);
    assert.equal((await halftone("wait", "--canary", "v2", "--timeout", "1")).status, 3);
    assert.equal((await halftone("wait", "--until", "over")).status, 0);
    assert.match(
      await ok("status"),
      /canary +v2, nobody gets it; it came to .*\nquarantine +v2: no; halftone clear v2 lets it out/,
    );
    assert.match(await ok("clear", "v2"), /`halftone retry` begins its rollout again/);
    await ok("retry");
    assert.match(await ok("abort", "--why", "later"), /abort by tests: later/);
    assert.equal((await halftone("wait", "--canary", "v2", "--timeout", "1")).status, 3);
    assert.match(await ok("restore", "1"), /restore by tests/);
  });

  test("goes through the log again, and finds a hand in it", async () => {
    assert.match(await ok("replay"), /the same again, bit for bit/);
    const log = await ok("history", "--json");
    const honest = file("log.json", {});
    writeFileSync(honest, log);
    assert.match(await ok("replay", honest), /the same again/);
    for (const [what, from, to] of [
      ["who did it", '"kind":"promote","by":"tests"', '"kind":"promote","by":"evidence"'],
      ["what was asked", '"command":{"command":"promote"}', '"command":{"command":"abort"}'],
    ]) {
      assert.ok(log.includes(from), what);
      writeFileSync(honest, log.replace(from, to));
      assert.equal((await halftone("replay", honest)).status, 5, what);
    }
  });
});
