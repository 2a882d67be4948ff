import { broken, chunks, get, hidden, passes, post, refused, request, type Vectors } from "../vector.ts";

const framed = [refused()];
const empty = `0\r\n\r\n${hidden}`;
const coding = (value: string, ...more: readonly string[]) => ({
  sends: post([`Transfer-Encoding: ${value}`, ...more], empty),
  comes: framed,
});
const twoBytes = [passes("POST /first", "ab")];

/** Transfer-Encoding (RFC 9112 section 6.1): with a length, twice, disguised, or another than chunked. */
export const codings: Vectors = {
  "CL.TE: a length, then chunked": {
    sends: post(["Content-Length: 4", "Transfer-Encoding: chunked"], empty),
    comes: framed,
  },
  "TE.CL: chunked, then a length": {
    sends: post(["Transfer-Encoding: chunked", "Content-Length: 4"], `5c\r\n${hidden}\r\n0\r\n\r\n`),
    comes: framed,
  },
  "CL.TE with a length of 0": {
    sends: post(["Content-Length: 0", "Transfer-Encoding: chunked"], empty),
    comes: framed,
  },
  "TE.TE: chunked, then identity": coding("chunked", "Transfer-Encoding: identity"),
  "TE.TE: identity, then chunked": coding("identity", "Transfer-Encoding: chunked"),
  "TE.TE: chunked, then an unknown one": coding("chunked", "Transfer-Encoding: x"),
  "TE.TE: chunked twice": coding("chunked", "Transfer-Encoding: chunked"),
  "TE.TE: chunked twice, in different case": coding("chunked", "transfer-encoding: chunked"),
  "a list that ends with chunked": coding("gzip, chunked"),
  "a list that begins with chunked": coding("chunked, gzip"),
  "a list of chunked and chunked": coding("chunked, chunked"),
  "a list that begins with a comma": coding(", chunked"),
  "a list that ends with a comma": coding("chunked,"),
  identity: coding("identity"),
  gzip: coding("gzip"),
  "an empty coding": coding(""),
  xchunked: coding("xchunked"),
  chunkedx: coding("chunkedx"),
  "chunked in quotes": coding('"chunked"'),
  "chunked with a parameter": coding("chunked;q=1"),
  "chunked after a vertical tab": coding("\vchunked"),
  "chunked with a vertical tab behind": coding("chunked\v"),
  "chunked after a form feed": coding("\fchunked"),
  "chunked after a no-break space": coding("\xa0chunked"),
  "chunked with a NUL behind": coding("chunked\0"),
  "a space before the colon": {
    sends: post(["Transfer-Encoding : chunked", "Content-Length: 2"], `ab${hidden}`),
    comes: framed,
  },
  "a tab before the colon": {
    sends: post(["Transfer-Encoding\t: chunked", "Content-Length: 2"], `ab${hidden}`),
    comes: framed,
  },
  "a space before the name": {
    sends: post(["X-A: b", " Transfer-Encoding: chunked", "Content-Length: 2"], `ab${hidden}`),
    comes: framed,
  },
  "a space before the first header's name": {
    sends: `POST /private/v1/first HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: localhost\r\n\r\n${empty}`,
    comes: framed,
  },
  "a value on a folded line": { sends: post(["Transfer-Encoding:", " chunked"], empty), comes: framed },
  "a value on a line folded with a tab": {
    sends: post(["Transfer-Encoding:", "\tchunked"], empty),
    comes: framed,
  },
  "a header hidden behind a bare line feed": {
    sends: post(["X-A: b\nTransfer-Encoding: chunked", "Content-Length: 2"], `ab${hidden}`),
    comes: framed,
  },
  "a header hidden behind a bare carriage return": {
    sends: post(["X-A: b\rTransfer-Encoding: chunked", "Content-Length: 2"], `ab${hidden}`),
    comes: framed,
  },
  "a header without a value or colon": {
    sends: post(["Transfer-Encoding", "Content-Length: 2"], `ab${hidden}`),
    comes: framed,
  },
  "a NUL in the name": {
    sends: post(["Transfer-Encoding\0: chunked", "Content-Length: 2"], `ab${hidden}`),
    comes: framed,
  },
  "chunked in a request of HTTP/1.0": {
    sends: request("POST /private/v1/first", ["Transfer-Encoding: chunked"], empty).replace("1.1", "1.0"),
    comes: framed,
  },
  "an underscore for the dash frames nothing": {
    sends: post(["Transfer_Encoding: chunked", "Content-Length: 2"], "ab"),
    comes: twoBytes,
  },
  "chunked in odd case": {
    sends: post(["TRANSFER-encoding: ChUnKeD"], "2\r\nab\r\n0\r\n\r\n"),
    comes: twoBytes,
  },
  "chunked with spaces around": {
    sends: post(["Transfer-Encoding:   chunked  "], "2\r\nab\r\n0\r\n\r\n"),
    comes: twoBytes,
  },
  "chunked after a tab": {
    sends: post(["Transfer-Encoding:\tchunked"], "2\r\nab\r\n0\r\n\r\n"),
    comes: twoBytes,
  },
  "chunked before a tab, which not every parser skips": {
    sends: post(["Transfer-Encoding: chunked\t"], empty),
    comes: [broken("POST /first")],
  },
  "chunked on GET": {
    sends: get("Transfer-Encoding: chunked").concat("2\r\nab\r\n0\r\n\r\n"),
    comes: [passes("GET /first", "ab")],
  },
  "chunked named by Connection stays in force": {
    sends: chunks("2\r\nab\r\n0\r\n\r\n", "Connection: Transfer-Encoding"),
    comes: twoBytes,
  },
  "a length named by Connection stays in force": {
    sends: post(["Content-Length: 2", "Connection: content-length"], "ab"),
    comes: twoBytes,
  },
};
