// What is known of a site, kept fresh: asked for every two seconds while somebody looks, and at once after an action.

import { useEffect, useState } from "preact/hooks";
import { Glance, Refused } from "./api.mjs";
import { useAsking } from "./asking.mjs";

const EVERY_MS = 2000;
/** The story goes back so far on the screen. */
const MOST_STORY = 400;

/** `{ known, trouble, heard, again }`: the newest, what keeps it from being new, since when, and a way to ask at once. */
export function useLive(site, onStranger) {
  const [live, setLive] = useState({ known: null, trouble: null, heard: 0, ahead: 0 });
  const begin = () => {
    const glance = new Glance(site);
    let story = [];
    setLive({ known: null, trouble: null, heard: 0, ahead: 0 });
    return async (isWanted) => {
      try {
        const { now, said } = await glance.look();
        if (!isWanted()) return;
        if (said) story = [...said.story, ...story].slice(0, MOST_STORY);
        const here = Date.now();
        setLive((last) => ({
          known: said ? { ...said, story } : last.known,
          trouble: null,
          heard: here,
          ahead: now > 0 ? now - here : last.ahead,
        }));
      } catch (error) {
        if (!isWanted()) return;
        if (error instanceof Refused && error.status === 401) {
          onStranger();
          return false;
        }
        setLive((last) => ({ ...last, trouble: error.message || "no answer" }));
      }
    };
  };
  const again = useAsking(begin, EVERY_MS, site);
  return { ...live, again };
}

/** The time there, now: ticks, so that what counts down does. */
export function useNow(ahead) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now + ahead;
}
