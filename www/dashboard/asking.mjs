// Asks for the same thing again and again, as long as somebody looks.

import { useEffect, useRef } from "preact/hooks";

/**
 * `begin` gives what asks: an async function that is told, by a function, whether its answer is still wanted, and says `false` if there
 * is no use in asking again. It begins anew with another `key`. Gives a way to ask at once.
 */
export function useAsking(begin, everyMs, key) {
  const again = useRef(() => {});
  useEffect(() => {
    let timer = null;
    let isOver = false;
    const ask = begin();
    const look = async () => {
      clearTimeout(timer);
      const isUseless = (await ask(() => !isOver)) === false;
      // Who was asked twice at once is asked again once.
      clearTimeout(timer);
      // Nobody looks at a hidden page; it is asked again when it is shown.
      if (!isOver && !isUseless && !document.hidden) timer = setTimeout(look, everyMs);
    };
    const shown = () => !document.hidden && look();
    again.current = look;
    look();
    document.addEventListener("visibilitychange", shown);
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [key]);
  return () => again.current();
}
