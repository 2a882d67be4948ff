import { broken, get, hidden, passes, post, refused, type Vectors } from "../vector.ts";

const framed = [refused()];
const behind = `ab${hidden}`;
const short = "Content-Length: 2";
const long = `Content-Length: ${behind.length}`;

/** What says how long a body is (RFC 9112 section 6.3), said twice, wrongly, or in another way. */
export const lengths: Vectors = {
  "two different lengths": { sends: post([short, long], behind), comes: framed },
  "two different lengths, the long one first": { sends: post([long, short], behind), comes: framed },
  "two equal lengths": { sends: post([short, short], "ab"), comes: framed },
  "two lengths in different case": { sends: post([short, "content-length: 2"], "ab"), comes: framed },
  "two lengths with a header between": { sends: post([short, "X-A: b", long], behind), comes: framed },
  "a list of lengths": { sends: post([`Content-Length: 2, ${behind.length}`], behind), comes: framed },
  "a list of equal lengths": { sends: post(["Content-Length: 2, 2"], "ab"), comes: framed },
  "a length with a plus": { sends: post(["Content-Length: +2"], behind), comes: framed },
  "a length with a minus": { sends: post(["Content-Length: -2"], behind), comes: framed },
  "a length of minus zero": { sends: post(["Content-Length: -0"], behind), comes: framed },
  "a length in hexadecimal": { sends: post(["Content-Length: 0x2"], behind), comes: framed },
  "a length with an exponent": { sends: post(["Content-Length: 2e0"], behind), comes: framed },
  "a length with a fraction": { sends: post(["Content-Length: 2.0"], behind), comes: framed },
  "a length with an underscore": { sends: post(["Content-Length: 1_0"], behind), comes: framed },
  "a length with a space inside": { sends: post(["Content-Length: 2 2"], behind), comes: framed },
  "a length with a letter behind": { sends: post(["Content-Length: 2a"], behind), comes: framed },
  "a length in quotes": { sends: post(['Content-Length: "2"'], behind), comes: framed },
  "a length in other digits": { sends: post(["Content-Length: \xb2"], behind), comes: framed },
  "a length of 2^64 + 2": { sends: post(["Content-Length: 18446744073709551618"], behind), comes: framed },
  "a length of 2^32 + 2, beyond the largest body": {
    sends: post(["Content-Length: 4294967298"], behind),
    comes: [refused("body_too_large")],
    stops: true,
  },
  "a length of 2^30, most of which never comes": {
    sends: post(["Content-Length: 1073741824"], behind),
    comes: [broken("POST /first")],
    stops: true,
  },
  "a length of NaN": { sends: post(["Content-Length: NaN"], behind), comes: framed },
  "an empty length": { sends: post(["Content-Length:"], hidden), comes: framed },
  "an empty length on GET": { sends: get("Content-Length:"), comes: framed },
  "a length with leading zeros": {
    sends: post(["Content-Length: 0002"], "ab"),
    comes: [passes("POST /first", "ab")],
  },
  "a length with white space around": {
    sends: post(["Content-Length: \t 2 \t"], "ab"),
    comes: [passes("POST /first", "ab")],
  },
  "a length in odd case": {
    sends: post(["cOnTeNt-LeNgTh: 2"], "ab"),
    comes: [passes("POST /first", "ab")],
  },
  "a GET with a body": {
    sends: get("Content-Length: 2").concat("ab"),
    comes: [passes("GET /first", "ab")],
  },
  "a HEAD with a body": {
    sends: get("Content-Length: 2").replace("GET", "HEAD").concat("ab"),
    comes: [passes("HEAD /first", "ab")],
  },
  "a DELETE with a body that looks like a request": {
    sends: get(`Content-Length: ${hidden.length}`).replace("GET", "DELETE").concat(hidden),
    comes: [passes("DELETE /first", hidden)],
  },
  "a GET whose body is not announced is a GET and another request": {
    sends: get().concat(hidden),
    comes: [passes("GET /first"), passes("GET /hidden")],
  },
  "a POST without any length has no body": {
    sends: post([], hidden),
    comes: [passes("POST /first"), passes("GET /hidden")],
  },
  "a POST of length 0": {
    sends: post(["Content-Length: 0"], hidden),
    comes: [passes("POST /first"), passes("GET /hidden")],
  },
  "a length that a dash's likeness hides": {
    sends: post(["Content_Length: 40", short], "ab"),
    comes: [passes("POST /first", "ab")],
  },
  "a body shorter than its length": {
    sends: post(["Content-Length: 3"], "ab"),
    comes: framed,
    stops: true,
  },
  "a body longer than its length": {
    sends: post([short], "abc"),
    comes: [passes("POST /first", "ab")],
    closes: true,
  },
};
