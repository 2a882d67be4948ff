import { broken, chunks, hidden, passes, type Vectors } from "../vector.ts";

const end = "0\r\n\r\n";
const cut = [broken("POST /first")];
const two = [passes("POST /first", "ab")];
const wrong = (body: string) => ({ sends: chunks(body + hidden), comes: cut });
const right = (body: string) => ({ sends: chunks(body), comes: two });

/** The chunked coding (RFC 9112 section 7.1): sizes, extensions, line ends and trailers. */
export const chunking: Vectors = {
  "a size that is no number": wrong(`zz\r\nab\r\n${end}`),
  "a size with 0x": wrong(`0x2\r\nab\r\n${end}`),
  "a size with a plus": wrong(`+2\r\nab\r\n${end}`),
  "a size with a minus": wrong(`-2\r\nab\r\n${end}`),
  "a size with an underscore": wrong(`1_0\r\nab\r\n${end}`),
  "a size of white space": wrong(` \r\nab\r\n${end}`),
  "an empty size": wrong(`\r\nab\r\n${end}`),
  "a size after white space": wrong(` 2\r\nab\r\n${end}`),
  "a size before white space": wrong(`2 \r\nab\r\n${end}`),
  "a size of 2^64 + 2": wrong(`10000000000000002\r\nab\r\n${end}`),
  "a size of 17 digits": wrong(`fffffffffffffffff\r\nab\r\n${end}`),
  "a chunk longer than its size": wrong(`2\r\nabcd\r\n${end}`),
  "a chunk longer than its size by a line feed": wrong(`2\r\nab\n\r\n${end}`),
  "a chunk that ends with a bare line feed": wrong(`2\r\nab\n${end}`),
  "a chunk that ends with a bare carriage return": wrong(`2\r\nab\r${end}`),
  "a chunk that ends with two other bytes": wrong(`2\r\nabxx${end}`),
  "a size that ends with a bare line feed": wrong(`2\nab\r\n${end}`),
  "a size that ends with a bare carriage return": wrong(`2\rab\r\n${end}`),
  "a last size that ends with a bare line feed": wrong(`2\r\nab\r\n0\n\r\n`),
  "an end of a bare line feed": wrong(`2\r\nab\r\n0\r\n\n`),
  "an end of a bare carriage return": wrong(`2\r\nab\r\n0\r\n\rX`),
  "a line feed in an extension": wrong(`2;a\nb\r\nab\r\n${end}`),
  "a carriage return in an extension": wrong(`2;a\rb\r\nab\r\n${end}`),
  "a NUL in an extension": wrong(`2;a\0b\r\nab\r\n${end}`),
  "an extension without a name": wrong(`2;\r\nab\r\n${end}`),
  "an extension of 20 kB": wrong(`2;${"a".repeat(20_000)}\r\nab\r\n${end}`),
  "a trailer on a folded line": wrong(`2\r\nab\r\n0\r\nX-A: b\r\n c: d\r\n\r\n`),
  "a trailer without a colon": wrong(`2\r\nab\r\n0\r\nnonsense\r\n\r\n`),
  "a trailer with a space before its colon": wrong(`2\r\nab\r\n0\r\nX-A : b\r\n\r\n`),
  "a body without its end": { sends: chunks("2\r\nab\r\n"), comes: cut, stops: true },
  "a chunk without its end": { sends: chunks("9\r\nab"), comes: cut, stops: true },
  "an extension": right(`2;name=value\r\nab\r\n${end}`),
  "an extension in quotes, with what looks like a size": right(`2;name="0\t;5"\r\nab\r\n${end}`),
  "a size with leading zeros": right(`0002\r\nab\r\n${end}`),
  "a last size of many zeros": right(`2\r\nab\r\n00000\r\n\r\n`),
  "a size in capitals": {
    sends: chunks(`A\r\n0123456789\r\n${end}`),
    comes: [passes("POST /first", "0123456789")],
  },
  "a chunk that holds what looks like an end": {
    sends: chunks(`5\r\n${end}\r\n${end}`),
    comes: [passes("POST /first", end)],
  },
  "an empty body": { sends: chunks(end), comes: [passes("POST /first")] },
  "a trailer that names a length": wrong(`2\r\nab\r\n0\r\nContent-Length: 9\r\n\r\n`),
  "a trailer that names a coding": wrong(`2\r\nab\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n`),
  "trailers that name a credential and a Host reach nobody": right(
    "2\r\nab\r\n0\r\nAuthorization: Bearer dummy\r\nHost: dummy.test\r\n\r\n",
  ),
  "bytes behind the end are the next request's": {
    sends: chunks(`2\r\nab\r\n${end}${hidden}`),
    comes: [...two, passes("GET /hidden")],
  },
};
