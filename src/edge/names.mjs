// The names a path may stand for in a bucket whose files are not listed in the plan; what `decide::resolve` is for lists.

/** So many folders above a page are looked into for a 404 page; each is a question to the bucket. */
const MOST_FOLDERS = 5;

/**
 * Keys to look for, in order, each with what it means: a status, or the page's own address. `flags` say what answers where
 * nothing is: `p` the nearest 404 page, `s` the index of a single-page application.
 */
export function namesFor(prefix, path, flags) {
  const names = [];
  const name = (key, meaning = 200) => names.push([prefix + key, meaning]);
  const page = path.replace(/\.html$/, "");
  const folder = /^(.*\/)?index$/.test(page) ? page.slice(0, -5) : null;
  if (path === "" || path.endsWith("/")) {
    name(`${path}index.html`);
    if (path !== "") name(`${path.slice(0, -1)}.html`, `/${path.slice(0, -1)}`);
  } else if (page !== path) name(path, `/${folder ?? page}`);
  else {
    name(path);
    if (!/\.[A-Za-z0-9]+$/.test(path)) {
      name(`${path}.html`, folder === null ? 200 : `/${folder}`);
      name(`${path}/index.html`, `/${path}/`);
    }
  }
  if (flags.includes("s")) name("index.html");
  else if (flags.includes("p")) {
    const folders = path.split("/").slice(0, -1);
    for (let n = folders.length; n >= Math.max(0, folders.length - MOST_FOLDERS); n--)
      name([...folders.slice(0, n), "404.html"].join("/"), 404);
  }
  return names;
}
