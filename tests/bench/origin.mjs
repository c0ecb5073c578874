// The origin of every contender: answers from memory, as a static host answers, inside the same workerd.
//
// Two addresses are for checking that the contenders do the same: under /v2/broken it answers 503, and the file
// /v1/assets/old.0a1b2c3d.js is in the first version only.

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<script type="module" src="/assets/app.5f3a9c1e.js"></script></head><body>
${"<p>Twelve ways to hang a picture, and the one that lasts.</p>\n".repeat(40)}</body></html>`;
const SCRIPT = "export const price = (cents) => (cents / 100).toFixed(2);\n".repeat(40);

const headers = (type, tag) => ({
  "content-type": type,
  etag: `"${tag}"`,
  "cache-control": "public, max-age=0, must-revalidate",
  "last-modified": "Mon, 02 Nov 2026 10:00:00 GMT",
  "accept-ranges": "bytes",
  "x-content-type-options": "nosniff",
  "strict-transport-security": "max-age=31536000",
  "x-robots-tag": "noindex",
});
const page = { headers: headers("text/html; charset=utf-8", "6b1f3c09d2aa4e7f") };
const script = { headers: headers("text/javascript; charset=utf-8", "d41c7be0921f4c55") };

export default {
  fetch(request) {
    const { url } = request;
    if (!url.endsWith(".js"))
      return url.includes("/v2/broken") ? new Response("Broken.\n", { status: 503 }) : new Response(PAGE, page);
    return url.includes("/v2/assets/old.") ? new Response("Not found.\n", { status: 404 }) : new Response(SCRIPT, script);
  },
};
