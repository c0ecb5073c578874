// What the platform's clock asks for now and then: that every site's Controller has its alarm, if it needs one. The platform
// gives an alarm up that failed too often, and a site nobody visits has nobody else who would notice.

import { control } from "./control.mjs";
import { controllerOf } from "./objects.mjs";

export async function watch(env) {
  await control.with(env.HALFTONE_KEYS ?? "");
  const asked = [...control.sites()].map(async ([site, place]) => {
    try {
      await controllerOf(env, site, place).arm();
    } catch (error) {
      control.say("a Controller could not be asked for its alarm; it is asked again", error);
    }
  });
  await Promise.all(asked);
}
