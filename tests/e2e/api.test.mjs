// The API's document against the running Worker: a property-based tester makes up requests from it and holds every answer
// against it; and a validator of its own says whether it is OpenAPI 3.1 at all.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { ROOT, startWorker, writeBuild } from "./worker.mjs";

const run = promisify(execFile);
const PYTHON = join(ROOT, ".tools/python/bin");
const TOKEN = "operator-token-of-every-test-001";
/** The same number makes up the same requests. */
const SEED = process.env.SEED ?? String(Date.now() % 2 ** 32);

let worker;
before(async () => {
  worker = await startWorker({
    name: "api",
    config: {
      // Here the tester's own address is the admin surface's.
      admin: { host: "127.0.0.1" },
      sites: {
        shop: {
          hosts: ["shop.example"],
          versions: { v1: "assets:v1", v2: "assets:v1" },
          stable: "v1",
          rollout: { canary: "v2", steps: ["50%", "100%"] },
        },
      },
    },
    // It asks more often, and more often without a token, than anybody may in a minute.
    without: ['"LIMIT"', '"ADMIN_LIMIT"'],
    folders: { v1: writeBuild("api-v1", { "index.html": "<!doctype html><title>v1</title>" }) },
  });
});
after(() => worker?.close());

const isThere = existsSync(join(PYTHON, "schemathesis"));
const skip = isThere || process.env.CI ? false : "python3 is missing: scripts/setup.sh test says how to get it";

test("the Worker serves the committed document", async () => {
  const response = await worker.fetch("http://127.0.0.1/api/v1/openapi.json", { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(await response.text(), readFileSync(join(ROOT, "docs/openapi.json"), "utf8"));
});

test("the document is OpenAPI 3.1", { skip }, async () => {
  const { stdout } = await run(join(PYTHON, "openapi-spec-validator"), ["--schema", "3.1", join(ROOT, "docs/openapi.json")]);
  assert.match(stdout, /OK/);
});

test("every answer to made-up requests is one the document allows", { skip }, async () => {
  const options = [
    "--url",
    worker.url.origin,
    "--seed",
    SEED,
    "--max-examples",
    "8",
    // Two of them get in each other's way within the tester, which it then reports as an error.
    "--workers",
    "1",
    "--header",
    `Authorization: Bearer ${TOKEN}`,
  ];
  // A made-up config is well formed and still no config of this build, and refused as such.
  const checks = ["--checks", "all", "--exclude-checks", "positive_data_acceptance,missing_required_header"];
  const cache = ["--generation-database", "none", "--no-color"];
  try {
    await run(join(PYTHON, "schemathesis"), ["run", join(ROOT, "docs/openapi.json"), ...options, ...checks, ...cache], {
      cwd: worker.work,
      maxBuffer: 2 ** 26,
    });
  } catch (error) {
    assert.fail(`with SEED=${SEED}:\n${error.stdout}${error.stderr}`);
  }
});
