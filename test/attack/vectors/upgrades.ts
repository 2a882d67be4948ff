import { declined, get, hidden, passes, post, refused, type Vectors } from "../vector.ts";

const websocket = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];
const asUsual = [passes("GET /first")];

/** Upgrades (RFC 9110 section 7.8), which the endpoints here decline, and expectations (section 10.1.1). */
export const upgrades: Vectors = {
  "an upgrade that the endpoint declines makes no tunnel": {
    sends: get(...websocket) + hidden,
    comes: asUsual,
    closes: true,
  },
  "an upgrade of a version that nobody knows makes no tunnel": {
    sends: get(...websocket.with(2, "Sec-WebSocket-Version: 1337")) + hidden,
    comes: asUsual,
    closes: true,
  },
  "an upgrade with a length": {
    sends: get(...websocket, `Content-Length: ${hidden.length}`) + hidden,
    comes: [refused()],
  },
  "an upgrade with a chunked body": {
    sends: get(...websocket, "Transfer-Encoding: chunked") + `0\r\n\r\n${hidden}`,
    comes: [refused()],
  },
  "an upgrade with a length that is not all there": {
    sends: get(...websocket, "Content-Length: 10") + "abc",
    comes: [refused()],
    stops: true,
  },
  "an upgrade with a chunked body that is not all there": {
    sends: get(...websocket, "Transfer-Encoding: chunked") + "9\r\nabc",
    comes: [refused()],
    stops: true,
  },
  "an upgrade to another host with a length that is not all there": {
    sends: get(...websocket, "Content-Length: 10").replace("localhost", "x") + "abc",
    comes: [refused("host_not_allowed")],
    stops: true,
  },
  "an upgrade by POST": {
    sends: post([...websocket, "Content-Length: 2"], `ab${hidden}`),
    comes: [refused()],
  },
  "an upgrade from a page": {
    sends: get(...websocket, "Origin: https://evil.test") + hidden,
    comes: [refused("origin_not_allowed")],
  },
  "an upgrade to a path outside": {
    sends: get(...websocket).replace("/private/v1/first", "/private/v1/../../x") + hidden,
    comes: [refused("request_target_invalid")],
  },
  "an upgrade to HTTP/2 in clear is passed over": {
    sends: get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
    comes: asUsual,
    closes: true,
  },
  "an upgrade to HTTP/2 in clear that Connection does not name": {
    sends: get("Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
    comes: asUsual,
    closes: true,
  },
  "an upgrade to TLS is passed over": {
    sends: get("Connection: Upgrade", "Upgrade: TLS/1.0"),
    comes: asUsual,
    closes: true,
  },
  "an upgrade that Connection does not name": {
    sends: get("Upgrade: websocket"),
    comes: asUsual,
    closes: true,
  },
  "a choice of protocols is passed over": {
    sends: get("Connection: Upgrade", "Upgrade: h2c, websocket"),
    comes: asUsual,
    closes: true,
  },
  "an upgrade in two lines is passed over": {
    sends: get("Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"),
    comes: asUsual,
    closes: true,
  },
  "an expectation that is met here": {
    sends: post(["Expect: 100-continue", "Content-Length: 2"], "ab"),
    comes: [passes("POST /first", "ab")],
  },
  "an expectation in odd case": {
    sends: post(["EXPECT: 100-CONTINUE", "Content-Length: 2"], "ab"),
    comes: [passes("POST /first", "ab")],
  },
  "an expectation on a request that hides another": {
    sends: post(["Expect: 100-continue", `Content-Length: ${hidden.length}`], hidden),
    comes: [passes("POST /first", hidden)],
  },
  "an expectation that nobody knows does not reach the endpoint": {
    sends: post(["Expect: 200-ok", `Content-Length: ${hidden.length}`], hidden),
    comes: [declined()],
  },
};
