// What stands: instructions that say the same for many requests, so that each is made once. What stands is the decision's to say.

/** So many visitors, pages, and parts of pages are remembered, */
const MOST = 500;
/** and none whose address or cookies have more characters: together they take no more than some megabytes. */
const LONGEST = 2000;

/** What pages are made of. What a script fetches may be a page that is looked at later, so it is not among them. */
const PARTS = new Set(["script", "style", "image", "font", "audio", "video", "track", "manifest"]);

/** Whether `Sec-Fetch-Dest` says that a request is for one. */
export const isPart = (dest) => PARTS.has(dest);

/** What is one visitor's own, where nothing is. */
const NOTHING = { setCookie: "", setCookieConfirmed: "", office: "", token: "", intake: "", note: "" };

/**
 * Instructions for pages and their parts, as long as the plan stands, under the number that the decision gave (`stands`): how something
 * is served follows from that and from its address. Of a page it is decided each time who gets it under which number. A page asks for
 * dozens of parts, and the same cookies bring the same number with each of them.
 */
export class Standing {
  #pages = new Map();
  #parts = new Map();
  /** By cookies: where the site's addresses begin, and the number. */
  #visitors = new Map();

  /** What is remembered for an address: instructions by number, and `numbers`, each with a space in front. */
  at(url, dest) {
    if (dest === "document") return this.#pages.get(url);
    return isPart(dest) ? this.#parts.get(url) : undefined;
  }

  /** The instruction for a part of a page that was remembered, if who asks is known too. */
  part(known, url, cookies) {
    const visitor = this.#visitors.get(cookies);
    return visitor !== undefined && url.startsWith(visitor.site) ? known[visitor.number] : undefined;
  }

  /** Remembers an instruction, less what is one visitor's own. */
  keep(instruction, dest) {
    const { url, cookies, stands: number } = instruction;
    if ((dest !== "document" && !isPart(dest)) || url.length > LONGEST || cookies.length > LONGEST) return;
    const known = this.at(url, dest) ?? { numbers: "" };
    if (known[number] === undefined) {
      known.numbers += ` ${number}`;
      known[number] = { ...instruction, ...NOTHING, cookies: "" };
      put(dest === "document" ? this.#pages : this.#parts, url, known);
    }
    if (dest !== "document") put(this.#visitors, cookies, { site: url.slice(0, url.indexOf("/", 8) + 1), number });
  }
}

/** Takes the place of the oldest when there are too many; addresses can be made up. */
function put(map, key, value) {
  if (map.size >= MOST && !map.has(key)) map.delete(map.keys().next().value);
  map.set(key, value);
}
