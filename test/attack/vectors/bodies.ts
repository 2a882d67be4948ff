import { hidden, passes, declined, request, type Vectors, type Verdict } from "../vector.ts";

const chat = (headers: readonly string[], body: string): string =>
  request("POST /v1/chat/completions", [...headers, `Content-Length: ${body.length}`], body);
const toFirst = (body: string): readonly Verdict[] => [passes("POST /chat/completions", body)];
const toSecond = (body: string): readonly Verdict[] => [
  { kind: "passes", line: "POST /openai/v1x/chat/completions", body },
];
const json = "Content-Type: application/json";
const choose = (body: string, comes: readonly Verdict[], ...headers: readonly string[]) => ({
  sends: chat([json, ...headers], body),
  comes,
});
const a = '{"model":"model-a"}';

/**
 * Bodies whose model chooses the endpoint, and with it the credential: the endpoint's own parser must not read another
 * model in them than the gateway does.
 */
export const bodies: Vectors = {
  "a model twice: the last one counts, as in JSON.parse": choose(
    '{"model":"model-a","model":"model-b"}',
    toSecond('{"model":"model-a","model":"model-b"}'),
  ),
  "a model with an escaped name": choose(
    String.raw`{"mod\u0065l":"model-b"}`,
    toSecond(String.raw`{"mod\u0065l":"model-b"}`),
  ),
  "a model with an escaped value": choose(
    String.raw`{"model":"model\u002da"}`,
    toFirst(String.raw`{"model":"model\u002da"}`),
  ),
  "a model further in is not the request's": choose(
    '{"a":{"model":"model-b"},"model":"model-a"}',
    toFirst('{"a":{"model":"model-b"},"model":"model-a"}'),
  ),
  "a model in a string is not the request's": choose(
    String.raw`{"a":"\"model\":\"model-b\"","model":"model-a"}`,
    toFirst(String.raw`{"a":"\"model\":\"model-b\"","model":"model-a"}`),
  ),
  "a model in another case is not the model": choose('{"Model":"model-a"}', [declined("model_missing")]),
  "a model that is no text": choose('{"model":["model-a"]}', [declined()]),
  "a model that nobody serves": choose('{"model":"model-z"}', [declined("model_unknown")]),
  "a model that is a property of all objects": choose('{"model":"__proto__"}', [declined("model_unknown")]),
  "a model of 5 kB": choose(`{"model":"${"a".repeat(5_000)}"}`, [declined()]),
  "a body that is no JSON": choose(hidden, [declined()]),
  "a body that is a list": choose('[{"model":"model-a"}]', [declined()]),
  "an empty body": choose("", [declined()]),
  "a compressed body": choose("\x1f\x8b\x08\0", [declined("body_unreadable")], "Content-Encoding: gzip"),
  "JSON as text, as a page can send it unasked": {
    sends: chat(["Content-Type: text/plain"], a),
    comes: [declined("content_type_not_allowed")],
  },
  "JSON as text that says it is JSON": {
    sends: chat(["Content-Type: Text/Plain ; application/json"], a),
    comes: [declined("content_type_not_allowed")],
  },
  "JSON as a form of a page's": {
    sends: chat(["Content-Type: application/x-www-form-urlencoded;charset=utf-8"], a),
    comes: [declined("content_type_not_allowed")],
  },
  "JSON under two types, of which one is text": {
    sends: chat([json, "Content-Type: text/plain"], a),
    comes: [declined("content_type_not_allowed")],
  },
  "JSON under a type of its own": { sends: chat(["Content-Type: application/x-own"], a), comes: toFirst(a) },
  "JSON under a type with a space before its semicolon": {
    sends: chat(["Content-Type: application/json ; charset=utf-8"], a),
    comes: toFirst(a),
  },
  "JSON under no type": { sends: chat([], a), comes: toFirst(a) },
  "a form without a boundary": {
    sends: chat(["Content-Type: multipart/form-data"], a),
    comes: [declined("body_unreadable")],
  },
  "JSON under two types, of which the second is a form's": {
    sends: chat([json, "Content-Type: multipart/form-data; boundary=x"], a),
    comes: toFirst(a),
  },
  "two encodings": {
    sends: chat([json, "Content-Encoding: identity", "Content-Encoding: gzip"], a),
    comes: [declined()],
  },
  "a byte order mark before the JSON": {
    sends: chat([json], `\xef\xbb\xbf${a}`),
    comes: toFirst(`\xef\xbb\xbf${a}`),
  },
  "a model behind the JSON's end is not the request's": choose(`{"a":1}${a}`, [declined()]),
};
