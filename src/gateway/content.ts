import { fieldValues } from "./message.ts";

// What a message's headers say of its content.

/** Whether it can be read as it comes: it has no content coding. */
export const isReadable = (rawHeaders: readonly string[]): boolean =>
  fieldValues(rawHeaders, "content-encoding").every(
    (coding) => coding === "" || coding.toLowerCase() === "identity",
  );

/** Its media type, with its parameters; empty where it tells none. */
export const typeOf = (rawHeaders: readonly string[]): string =>
  fieldValues(rawHeaders, "content-type")[0] ?? "";

/** Whether a media type is that of a stream of events. */
export const isEventStream = (type: string): boolean => /^text\/event-stream\b/i.test(type);
