/** The most that a source may give; a token that is longer than a few KiB fits into no request. */
export const largestTokenBytes = 64 * 1024;

/** Why a source has given no token. The message shows nothing of what it gave. */
export class SourceFault extends Error {}
