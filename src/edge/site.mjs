// Which site of the build's own table a host belongs to: the same as `plan::site_at`, where there is no Wasm to ask.

/** The site that names a host most narrowly: in full, else by the longest wildcard. */
export function siteOf({ sites, default: otherwise }, host) {
  let best = 0;
  let found = sites[otherwise];
  for (const site of sites)
    for (const pattern of site.hosts) {
      const rank = matches(pattern, host) ? pattern.length + (pattern === host ? 1 : 0) : 0;
      if (rank > best) [best, found] = [rank, site];
    }
  return found;
}

function matches(pattern, host) {
  return pattern.startsWith("*") ? host.length > pattern.length - 1 && host.endsWith(pattern.slice(1)) : pattern === host;
}
