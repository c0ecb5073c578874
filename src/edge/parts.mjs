// Parts of pages: instructions that stand, so that dozens of requests need one decision. What stands is the decision's to say.

/** So many visitors, and so many addresses, are remembered. */
const MOST = 500;

/** What pages are made of. What a script fetches may be a page that is looked at later, so it is not among them. */
const PARTS = new Set(["script", "style", "image", "font", "audio", "video", "track", "manifest"]);

/** Whether `Sec-Fetch-Dest` says that a request is for one. */
export const isPart = (dest) => PARTS.has(dest);

/**
 * Instructions for parts of pages, as long as the plan stands: a page asks for dozens, and of who asks only the version of their page
 * counts. Which cookies bring which version, and how a file is served with one, was said by the decision (`stands`).
 */
export class Parts {
  /** By cookies: where the site's addresses begin, and the version. */
  #visitors = new Map();
  /** By address, then by version. */
  #files = new Map();

  find(url, cookies) {
    const visitor = this.#visitors.get(cookies);
    return visitor !== undefined && url.startsWith(visitor.site) ? this.#files.get(url)?.[visitor.version] : undefined;
  }

  keep(instruction) {
    const { url, cookies, stands: version } = instruction;
    put(this.#visitors, cookies, { site: url.slice(0, url.indexOf("/", 8) + 1), version });
    put(this.#files, url, { ...this.#files.get(url), [version]: instruction });
  }
}

/** Begins anew when there are too many; addresses can be made up. */
function put(map, key, value) {
  if (map.size >= MOST && !map.has(key)) map.clear();
  map.set(key, value);
}
