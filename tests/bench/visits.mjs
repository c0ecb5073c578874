// What is asked: requests as a browser sends them, made into bytes once. And one way to ask one and read its answer.

import { createConnection } from "node:net";

export const HOST = "shop.example";
const AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
const PAGE = "/pictures/hanging?room=hall";
const FILE = "/assets/app.5f3a9c1e.js";
const OTHER_COOKIES = "_ga=GA1.1.1403295511.1790000000; theme=dark";

const COMMON = {
  host: HOST,
  "x-forwarded-proto": "https",
  "user-agent": AGENT,
  "accept-encoding": "gzip, deflate, br, zstd",
  "accept-language": "en-NZ,en;q=0.9,de;q=0.8",
  "sec-ch-ua": '"Chromium";v="156", "Not=A?Brand";v="24"',
  "sec-ch-ua-mobile": "?0",
  "sec-ch-ua-platform": '"Linux"',
  "cf-connecting-ip": "203.0.113.7",
};
const NAVIGATION = {
  accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-site": "none",
  "sec-fetch-user": "?1",
  "upgrade-insecure-requests": "1",
};
const SCRIPT = {
  accept: "*/*",
  "sec-fetch-dest": "script",
  "sec-fetch-mode": "cors",
  "sec-fetch-site": "same-origin",
  referer: `https://${HOST}${PAGE}`,
};

const BEACON = {
  accept: "*/*",
  "content-type": "text/plain;charset=UTF-8",
  origin: `https://${HOST}`,
  "sec-fetch-dest": "empty",
  "sec-fetch-mode": "cors",
  "sec-fetch-site": "same-origin",
  referer: `https://${HOST}${PAGE}`,
};

const place = (country, region, city, colo) => JSON.stringify({ country, regionCode: region, city, colo });
/** Where visitors are; one in eight is in the country that has a rule. */
const PLACES = [
  place("NL", "NH", "Amsterdam", "AMS"),
  place("FR", "IDF", "Paris", "CDG"),
  place("US", "TX", "Austin", "DFW"),
  place("NZ", "AUK", "Auckland", "AKL"),
  place("BR", "SP", "São Paulo", "GRU"),
  place("JP", "13", "Tokyo", "NRT"),
  place("AU", "NSW", "Sydney", "SYD"),
  place("GB", "ENG", "London", "LHR"),
];

function bytesOf(path, ...headers) {
  return whole(`GET ${path}`, Object.assign({}, ...headers), "");
}

function whole(first, headers, body) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const text = `${first} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
  // Node takes text for a socket byte by byte here, so what is not ASCII goes as UTF-8.
  return Buffer.from(text, "utf8").toString("latin1");
}

const cookies = (cookie) => ({ cookie: cookie === "" ? OTHER_COOKIES : `${OTHER_COOKIES}; ${cookie}` });

/** The n-th visitor asks for a page; a visitor whose cookie is "" is new. */
export function page(n, cookie, { path = PAGE, ...headers } = {}) {
  return bytesOf(path, COMMON, NAVIGATION, { "cf-blob": PLACES[n % PLACES.length] }, cookies(cookie), headers);
}

/** The n-th visitor's page asks for a script. */
export function script(n, cookie, { path = FILE, ...headers } = {}) {
  return bytesOf(path, COMMON, SCRIPT, { "cf-blob": PLACES[n % PLACES.length] }, cookies(cookie), headers);
}

/** Parts that a page has; the same for every visitor. */
const PARTS = 20;

/** The n-th visitor's page asks for all that it is made of. */
export function parts(n, cookie) {
  return Array.from({ length: PARTS }, (_, part) => script(n, cookie, { path: `/assets/part-${part}.5f3a9c${10 + part}.js` }));
}

/** A page of a visitor at an address says something; the body is ASCII. */
export function beacon(cookie, body, address) {
  const headers = { ...COMMON, ...BEACON, ...cookies(cookie), "cf-connecting-ip": address, "content-length": body.length };
  return whole("POST /_halftone/in", headers, body);
}

/** Asks one request on a connection of its own; `{ status, headers, body }`, headers as sorted `name: value` lines. */
export function ask(port, bytes) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const socket = createConnection({ port, host: "127.0.0.1" });
  const parts = [];
  socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 s")));
  socket.on("error", reject);
  socket.on("data", (part) => parts.push(part));
  socket.on("close", () => {
    const text = Buffer.concat(parts).toString("utf8");
    const end = text.indexOf("\r\n\r\n");
    const [first, ...lines] = text.slice(0, end).split("\r\n");
    if (end < 0) return reject(new Error(`no whole answer: ${text.slice(0, 200)}`));
    const headers = lines.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase())).sort();
    resolve({ status: Number(first.split(" ")[1]), headers, body: text.slice(end + 4) });
  });
  socket.end(Buffer.from(bytes.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"), "latin1"));
  return promise;
}

/** The cookie an answer sets, as `name=value`, or "". */
export function cookieOf(answer) {
  const line = answer.headers.find((header) => header.startsWith("set-cookie: "));
  return line ? line.slice("set-cookie: ".length).split(";")[0] : "";
}
