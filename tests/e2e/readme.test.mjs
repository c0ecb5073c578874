// The README does what it says: its commands are run, its output compared, its links followed.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { ROOT } from "./worker.mjs";

const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const blocks = (kind) => [...readme.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, "g"))].map((match) => match[1]);

test("every command with output gives that output", () => {
  const runs = blocks("console").flatMap((block) => block.split(/^\$ /m).filter(Boolean));
  assert.ok(runs.length >= 3, `${runs.length} commands`);
  for (const run of runs) {
    const [command, ...output] = run.split("\n");
    const [program, ...words] = command.split(" ");
    assert.equal(execFileSync(join(ROOT, program), words, { cwd: ROOT, encoding: "utf8" }), output.join("\n"), command);
  }
});

test("the Chinese README says the same: headings, commands, outputs, configs, links", () => {
  const chinese = readFileSync(join(ROOT, "README.zh-CN.md"), "utf8");
  const fenced = (text) => [...text.matchAll(/^```\w*\n[\s\S]*?^```$/gm)].map(([block]) => block);
  const headings = (text) => [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^(#+) /gm)].map(([, level]) => level);
  const links = (text) =>
    [...new Set([...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link))]
      .filter((link) => !link.startsWith("README"))
      .sort();
  const hint = "README.zh-CN.md has to follow README.md";
  assert.deepEqual(headings(chinese), headings(readme), hint);
  assert.deepEqual(fenced(chinese), fenced(readme), hint);
  assert.deepEqual(links(chinese), links(readme), hint);
  const spoken = (text) =>
    [...new Set([...text.matchAll(/`((?:halftone|make|npx|target\/release\/halftone) [^`]+)`/g)].map(([, said]) => said))].sort();
  assert.deepEqual(spoken(chinese), spoken(readme), hint);
});

test("every make target it names is there", () => {
  const makefile = readFileSync(join(ROOT, "Makefile"), "utf8");
  const named = new Set([...readme.matchAll(/(?:`|^)make (\w+)/gm)].map((match) => match[1]));
  for (const target of named) assert.match(makefile, new RegExp(`^${target}:`, "m"), `make ${target}`);
  assert.ok(named.has("dev") && named.has("test") && named.has("deploy"));
});

test("every config it shows is valid", () => {
  const work = join(ROOT, "tests/.work/readme");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  symlinkSync(join(ROOT, "www"), join(work, "www"));
  for (const block of blocks("json")) {
    writeFileSync(join(work, "halftone.json"), block);
    const said = execFileSync(join(ROOT, "target/release/halftone"), ["check", join(work, "halftone.json")], {
      encoding: "utf8",
    });
    assert.match(said, /no problems/);
  }
});

test("every file and every heading that a document links to is there", () => {
  const documents = readdirSync(ROOT).concat(readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`));
  const read = (path) => readFileSync(join(ROOT, path), "utf8");
  /** What a heading is called in a link. */
  const anchor = (heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, "")
      .trim()
      .replaceAll(" ", "-");
  const anchors = (path) => [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading));
  for (const document of documents.filter((name) => name.endsWith(".md"))) {
    for (const [, link, heading] of read(document).matchAll(/\]\(([^)#]*)#?([^)]*)\)/g)) {
      if (link.startsWith("http")) continue;
      const path = link === "" ? document : join(dirname(document), link);
      assert.ok(existsSync(join(ROOT, path)), `${document} links to ${link}`);
      if (heading) assert.ok(anchors(path).includes(heading), `${document} links to ${link}#${heading}`);
    }
  }
});

test("make dev serves the demo, and every address it prints opens", async () => {
  const port = await freePort();
  // Whatever somebody did with the demo here before is not part of it.
  const state = join(ROOT, "tests/.work/readme-state");
  rmSync(state, { recursive: true, force: true });
  const dev = spawn("make", ["dev", `PORT=${port}`, `STATE=${state}`], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const printed = [];
    await new Promise((resolve, reject) => {
      const read = (line) => {
        printed.push(line);
        if (/Ready on http/.test(line)) resolve();
      };
      createInterface({ input: dev.stdout }).on("line", read);
      createInterface({ input: dev.stderr }).on("line", read);
      dev.on("exit", (code) => reject(new Error(`make dev ended with ${code}:\n${printed.join("\n")}`)));
    });
    // Wrangler names one of its own, for cron triggers.
    const addresses = printed
      .flatMap((line) => line.match(/http:\/\/(?:127\.0\.0\.1|localhost):\d+\/\S*/g) ?? [])
      .filter((address) => !address.includes("/cdn-cgi/"));
    assert.ok(addresses.length >= 8, printed.join("\n"));
    assert.ok(addresses.includes(`http://localhost:${port}/`), "the dashboard is among them");
    const versions = new Map();
    for (const address of new Set(addresses)) {
      const first = await fetch(address, { redirect: "manual", headers: { "sec-fetch-dest": "document" } });
      const cookie = first.headers
        .getSetCookie()
        .map((line) => line.split(";")[0])
        .join("; ");
      const next = first.status === 303 ? new URL(first.headers.get("location"), address) : address;
      const answer = await fetch(next, { headers: { "sec-fetch-dest": "document", cookie } });
      assert.equal(answer.status, 200, address);
      versions.set(new URL(address).search, /version=(\w+)/.exec(answer.headers.get("halftone") ?? "")?.[1]);
    }
    assert.equal(versions.get("?show=v1"), "v1");
    assert.equal(versions.get("?show=v2"), "v2");
    assert.equal(versions.get("?country=NZ"), "v2");
    assert.equal(versions.get("?country=DE"), "v1");
    const previews = [...versions].filter(([query]) => query.startsWith("?halftone-preview=")).map(([, version]) => version);
    assert.deepEqual(previews, ["v1", "v2"]);
    // What it says to type while the Worker runs.
    const commands = blocks("sh").flatMap((block) => block.split("\n").filter((line) => line.startsWith("target/release/")));
    assert.ok(commands.length >= 5);
    const env = { ...process.env, HALFTONE_URL: `http://localhost:${port}/` };
    const said = commands.map((command) => execFileSync("bash", ["-c", command], { cwd: ROOT, encoding: "utf8", env }));
    assert.match(said[0], /rollout +ramping/);
    assert.match(said.at(-1), /the same again, bit for bit/);
  } finally {
    process.kill(-dev.pid, "SIGKILL");
  }
});

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
