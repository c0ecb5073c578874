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

/** Does something with the alarms of the Controllers that are on disk. */
function alarms(act) {
  const objects = join(worker.work, "state/v3/do");
  const [folder] = readdirSync(objects).filter((name) => name.endsWith("Controller"));
  const database = new DatabaseSync(join(objects, folder, "metadata.sqlite"));
  try {
    return act(database);
  } finally {
    database.close();
  }
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
  await worker.restart(() => {
    const count = () => alarms((database) => database.prepare("SELECT count(*) AS n FROM _cf_ALARM").get().n);
    assert.equal(count(), 1);
    alarms((database) => database.exec("DELETE FROM _cf_ALARM"));
    assert.equal(count(), 0);
  });
  await worker.scheduled();
  const next = await eventually(async () => {
    const at = await looked();
    return at > before && at;
  }, "another look");
  await eventually(async () => (await looked()) > next, "the one after it");
});
