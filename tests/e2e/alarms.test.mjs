// The evidence is looked at by alarms, and an alarm can be lost: then the platform's clock finds it missing and sets it again, with
// nobody on the site.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { eventually, Visitor } from "./population.mjs";
import { startWorker, writeBuild } from "./worker.mjs";

const build = (version) => writeBuild(`alarms-${version}`, { "index.html": `<!doctype html><title>${version}</title>` });

let worker;
before(async () => {
  worker = await startWorker({
    name: "alarms",
    config: {
      sites: {
        shop: {
          versions: { v1: "assets:v1", v2: "assets:v2" },
          stable: "v1",
          rollout: { canary: "v2", steps: [{ weight: "50%", hold: "1h" }, "100%"] },
        },
      },
    },
    folders: { v1: build("v1"), v2: build("v2") },
    keeps: true,
  });
});
after(() => worker?.close());

/** The alarm that is set is forgotten by who should ring it, and the object still believes in it; says how many there were. */
function forget() {
  const objects = join(worker.work, "state/v3/do");
  const [folder] = readdirSync(objects).filter((name) => name.endsWith("Controller"));
  let forgotten = 0;
  for (const name of readdirSync(join(objects, folder)).filter((name) => name.endsWith(".sqlite"))) {
    const database = new DatabaseSync(join(objects, folder, name));
    // The runtime's own tables: when to ring whom, and in each object (key 1, ns) when it will be rung.
    if (name === "metadata.sqlite") forgotten += database.prepare("DELETE FROM _cf_ALARM").run().changes;
    else database.exec("UPDATE _cf_METADATA SET value = value - 600000000000 WHERE key = 1");
    database.close();
  }
  return forgotten;
}

/** When the Controller last looked, as it has written down; nobody asks it, since that would set its alarm. */
async function looked() {
  const [id] = await worker.objects("CONTROLLER");
  const rows = await (await worker.storage("CONTROLLER", id)).exec("SELECT value FROM helm WHERE name = 'looked'");
  return rows[0]?.value ?? 0;
}

test("a Controller whose alarm was lost looks at the evidence again, and goes on doing so", async () => {
  await (await new Visitor(worker).open()).body?.cancel();
  const before = await eventually(looked, "a look at the evidence");
  await worker.restart(() => assert.equal(forget(), 1));
  await worker.scheduled();
  const next = await eventually(async () => {
    const at = await looked();
    return at > before && at;
  }, "another look");
  await eventually(async () => (await looked()) > next, "the one after it");
});
