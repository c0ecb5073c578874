// Uploaded builds in the bucket BUILDS: contents under their hash (`blobs/HASH`), and for each version a manifest that names
// them (`builds/SITE/VERSION.json`), written last. `files.mjs` serves from it; `src/config/manifest.rs` says what it holds.
//
// A content is checked against its hash by the bucket itself. A manifest never changes. What a deployed config names is
// not dropped, since pages that are open somewhere go on asking for its files.

/** Each question is a request to the bucket, and the smallest plan of the network allows fifty. */
const MOST_ASKED = 40;
const MOST_FILES = 20_000;
const MOST_BLOB_BYTES = 100_000_000;
/** Keys one deletion may name. */
const MOST_DELETED = 1000;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const HASH = /^[0-9a-f]{64}$/;

const no = (status, code, message) => ({ refused: [status, code, message] });
const keyOf = (site, version) => `builds/${site}/${version}.json`;

/** The part of the admin surface that is about builds, by the operations' ids; `problem` is its own. */
export function buildHandlers(problem) {
  const on = (act) => async (asked) => {
    const { site } = asked;
    const bucket = asked.env.BUILDS;
    if (!bucket) return problem(503, "no_bucket", "no R2 bucket is bound as BUILDS; add it to wrangler.toml and deploy");
    const answer = await act(site, bucket, asked);
    if (answer.refused) return problem(...answer.refused);
    return Response.json({ site, ...answer }, { headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" } });
  };
  return {
    builds: on(list),
    manifest: on(manifest),
    missing: on(missing),
    blob: on(blob),
    register: on(register),
    drop: on(drop),
  };
}

/** Everything under a prefix of the bucket, which lists a thousand at a time. */
async function all(bucket, prefix) {
  const objects = [];
  let cursor;
  do {
    const page = await bucket.list({ prefix, cursor, include: ["customMetadata"] });
    objects.push(...page.objects);
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor);
  return objects;
}

/** The prefix whose page script belongs into the pages of a site; "" where the site brings its own, or nobody is heard. */
function tagOf(site, control) {
  const { feedback } = JSON.parse(control.offer(site).offer).site;
  return feedback.on && feedback.inject ? control.prefix : "";
}

/** `SITE/VERSION` of every build that some site of the deployed config names. */
function named(control) {
  const names = new Set();
  for (const site of control.sites().keys()) {
    for (const { origin } of JSON.parse(control.offer(site).offer).site.versions) {
      const build = /^@([^/]+\/[^/]+)\/$/.exec(origin.r2?.[1] ?? "")?.[1];
      if (build) names.add(build);
    }
  }
  return names;
}

async function list(site, bucket, { control }) {
  const inUse = named(control);
  const builds = (await all(bucket, `builds/${site}/`)).map(({ key, customMetadata, uploaded }) => {
    const version = key.slice(`builds/${site}/`.length, -".json".length);
    const { files, bytes, by } = customMetadata ?? {};
    return {
      version,
      uploaded_ms: uploaded.getTime(),
      files: Number(files),
      bytes: Number(bytes),
      by: by ?? "",
      in_use: inUse.has(`${site}/${version}`),
    };
  });
  return { tag: tagOf(site, control), builds: builds.sort((one, other) => other.uploaded_ms - one.uploaded_ms) };
}

async function manifest(site, bucket, { url }) {
  const version = url.searchParams.get("version") ?? "";
  const object = NAME.test(version) ? await bucket.get(keyOf(site, version)) : null;
  return object
    ? { manifest: await object.json() }
    : no(404, "no_build", `site \`${site}\` has no uploaded build \`${version}\``);
}

async function missing(_site, bucket, { body }) {
  const { hashes } = body;
  if (hashes.length > MOST_ASKED || !hashes.every((hash) => typeof hash === "string" && HASH.test(hash)))
    return no(
      400,
      "bad_body",
      `the body is { "hashes": [...] } with at most ${MOST_ASKED} SHA-256 in lower-case hexadecimal digits`,
    );
  const there = await Promise.all(hashes.map((hash) => bucket.head(`blobs/${hash}`)));
  return { missing: hashes.filter((_, at) => !there[at]) };
}

async function blob(_site, bucket, { request, url }) {
  const hash = url.searchParams.get("sha256");
  const length = request.headers.get("content-length");
  if (length === null) return no(411, "no_length", "send the content with a Content-Length");
  if (Number(length) > MOST_BLOB_BYTES)
    return no(
      413,
      "too_large",
      `one file may have ${MOST_BLOB_BYTES} bytes, this has ${length}; larger ones belong on a media host`,
    );
  try {
    await bucket.put(`blobs/${hash}`, request.body ?? new Uint8Array(), { sha256: hash });
  } catch (error) {
    if (!/10037|checksum|did not match/i.test(String(error?.message))) throw error;
    return no(422, "bad_hash", `what arrived does not have the hash ${hash}; send it again`);
  }
  return { sha256: hash };
}

/** What is wrong with a manifest, or nothing. */
function wrong(manifest, site) {
  if (manifest.format !== "halftone-build/1") return "its format is not `halftone-build/1`";
  if (manifest.site !== site) return `it is one of site \`${manifest.site}\`, not of \`${site}\``;
  if (!NAME.test(manifest.version)) return "its version is no name of letters, digits, `.`, `_` and `-`";
  const files = Object.entries(manifest.files ?? {});
  if (files.length === 0 || files.length > MOST_FILES) return `it has ${files.length} files; 1 to ${MOST_FILES} are allowed`;
  for (const [path, entry] of files) {
    const [hash, bytes, type] = Array.isArray(entry) ? entry : [];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is in a path is the point
    if (!/^\/[^\u0000-\u001f\\]*[^/]$/.test(path) || /\/\/|\/\.\.?(\/|$)/.test(path)) return `${path} is no path of a file`;
    if (!HASH.test(hash) || !Number.isSafeInteger(bytes) || bytes < 0 || !/^[\x20-\x7e]{1,128}$/.test(type))
      return `${path} has no hash, size and type`;
  }
  const { prefix, except = [] } = manifest.tagged ?? { prefix: "/" };
  if (!/^\/[\x21-\x7e]{0,63}$/.test(prefix)) return "where its page script is said to be is no prefix";
  if (!Array.isArray(except) || !except.every((path) => path in manifest.files))
    return "what is left as it is are not files of it";
  return "";
}

async function register(site, bucket, { body: manifest, who }) {
  const why = wrong(manifest, site);
  if (why !== "") return no(422, "bad_manifest", `the manifest can not be taken: ${why}`);
  const files = Object.values(manifest.files);
  const customMetadata = {
    files: String(files.length),
    bytes: String(files.reduce((sum, [, bytes]) => sum + bytes, 0)),
    by: who.name,
  };
  const key = keyOf(site, manifest.version);
  const httpMetadata = { contentType: "application/json" };
  const onlyIf = { etagDoesNotMatch: "*" };
  if (await bucket.put(key, JSON.stringify(manifest), { onlyIf, httpMetadata, customMetadata }))
    return { version: manifest.version, is_new: true };
  const before = await (await bucket.get(key))?.json();
  if (before && JSON.stringify(before.files) === JSON.stringify(manifest.files))
    return { version: manifest.version, is_new: false };
  return no(
    409,
    "other_content",
    `\`${manifest.version}\` is there with other files, and a version never changes: choose another id`,
  );
}

/** Takes a build out, and the contents that no other build has. */
async function drop(site, bucket, { body, control }) {
  const { version } = body;
  const key = keyOf(site, version);
  const object = NAME.test(version) ? await bucket.get(key) : null;
  if (!object) return no(404, "no_build", `site \`${site}\` has no uploaded build \`${version}\``);
  if (named(control).has(`${site}/${version}`))
    return no(
      409,
      "in_use",
      `\`${version}\` is a version of the deployed config, and open pages ask for its files: take it out and deploy`,
    );
  const gone = new Set(Object.values((await object.json()).files).map(([hash]) => hash));
  await bucket.delete(key);
  for (const other of await all(bucket, "builds/")) {
    const kept = await (await bucket.get(other.key))?.json();
    for (const [hash] of Object.values(kept?.files ?? {})) gone.delete(hash);
  }
  const keys = [...gone].map((hash) => `blobs/${hash}`);
  for (let at = 0; at < keys.length; at += MOST_DELETED) await bucket.delete(keys.slice(at, at + MOST_DELETED));
  return { version, blobs: keys.length };
}
