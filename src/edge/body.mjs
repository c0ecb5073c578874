// Bodies of requests, read no further than they may be large.

const decoder = new TextDecoder();

/** The bytes that are asked for at once of a body whose length nobody said. */
const USUAL_BYTES = 4096;

/**
 * The bytes of a request's body as text; null if there are more than `most`, whatever was said of their number.
 *
 * One byte more than was said is asked for, so that an honest body is there, with its end, in one go.
 */
export async function limited({ body, headers }, most) {
  if (body === null) return "";
  const reader = body.getReader({ mode: "byob" });
  const said = Number(headers.get("content-length") ?? USUAL_BYTES);
  let room = Math.min(said >= 0 ? said : USUAL_BYTES, most) + 1;
  const chunks = [];
  let bytes = 0;
  for (;;) {
    const { value } = await reader.readAtLeast(room, new Uint8Array(room));
    const found = value?.byteLength ?? 0;
    bytes += found;
    if (bytes > most) {
      reader.cancel().catch(() => {});
      return null;
    }
    chunks.push(value);
    // Less than was asked for: that was the end.
    if (found < room) break;
    room = most + 1 - bytes;
  }
  return decoded(chunks, bytes);
}

function decoded(chunks, bytes) {
  if (chunks.length === 1) return decoder.decode(chunks[0]);
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    if (chunk) whole.set(chunk, at);
    at += chunk?.byteLength ?? 0;
  }
  return decoder.decode(whole);
}
