/** Every fixed bound of the gateway. What a user may change stands in the configuration instead. */
export const limits = {
  /** Of a request's head, in bytes; beyond it the answer is 400. */
  requestHeadBytes: 64 * 1024,
  /** How many headers a request may have. */
  requestHeaders: 256,
  /** How many requests of one connection may wait for the answers before theirs; then no more is read of it. */
  pipelined: 16,
  /** How much is read of a connection behind the request that is answered, in bytes. */
  pipelinedBytes: 16 * 1024,
  /** The time in which a client must send its request's head. */
  requestHeadMs: 60_000,
  /** The time in which a client must send a body that is read whole, or as far as its model: for each `smallBodyBytes`. */
  wholeBodyMs: 60_000,
  /** How long an ordinary request is waited for; one that takes longer goes to Node's server, which is patient. */
  plainBodyMs: 1_000,
  /** Silence within a body that is streamed on, while the endpoint takes it. */
  bodySilenceMs: 60_000,
  /** How long bytes of an answer wait, at least, for a client that takes none before its connection is closed. */
  slowReaderMs: 120_000,
  /** Connections beyond `limits.connections` that are answered at a time, and for how long; others are just closed. */
  turnedAway: 256,
  turnedAwayMs: 1_000,
  /** How long, at least, a connection is left to send its first request before it may have to give way to others. */
  newcomerMs: 10,
  /** How long an idle client connection is kept: longer than the pools of the SDKs keep theirs. */
  clientKeepAliveMs: 75_000,
  /** Of an answer's head, of all the interim ones (1xx) before it, and of its trailers, in bytes. */
  responseHeadBytes: 256 * 1024,
  /** Of the line that gives a chunk's size, with its extensions, in bytes (RFC 9112 §7.1.1 asks for a bound). */
  chunkLineBytes: 4 * 1024,
  /** How long an idle upstream connection is kept when the server gives no hint. */
  upstreamKeepAliveMs: 90_000,
  /** How long a connection may have been idle that a request is sent over which cannot be sent again. */
  freshMs: 1_000,
  /**
   * How soon a connection that was idle must show to be dead that its request is sent once more. A close that the request
   * has crossed is known within a round trip; from an endpoint that ends later, the request may have got its work.
   */
  staleMs: 1_000,
  /** How long a connection whose request could not be sent on is read for an answer that came before. */
  lastWordsMs: 1_000,
  /** How long it counts that an endpoint has closed an idle connection, and after what time at the least. */
  idleCloseMs: 600_000,
  idleCloseLeastMs: 1_000,
  /** A body of known length up to this is read whole before it is sent on: it can be sent again. In bytes. */
  wholeBodyBytes: 4 * 1024 * 1024,
  /** Of what is held of the bodies of all requests, but for the first `smallBodyBytes` of each. In bytes. */
  heldBodiesBytes: 256 * 1024 * 1024,
  /** Of one that an ordinary request may have, that leaves with its head in one write, and whose answer may be kept. */
  smallBodyBytes: 64 * 1024,
  /** Of a model's name in a body, in bytes. */
  modelBytes: 1024,
  /** The time in which each endpoint must list its models for the merged list. */
  modelsMs: 5_000,
  /** The time in which an endpoint must answer its probe. */
  probeMs: 5_000,
  /** How much of an answer's end and beginning is kept beside the stream, in bytes, to find its usage there. */
  usageTailBytes: 4 * 1024,
  usageHeadBytes: 2 * 1024,
  /** Of an answer that is kept in a cache, in bytes. */
  cachedAnswerBytes: 1024 * 1024,
  /** How long it may stay in memory, at most, when its time is over. */
  cachePurgeMs: 60_000,
  /** Of an answer to a request of our own, in bytes. */
  fetchedBytes: 4 * 1024 * 1024,
  /** How many requests that ended are remembered, to be shown. */
  seenRequests: 1_000,
  /**
   * How long a client may take to read the last answer of its connection, or one that came before it had sent all, and
   * how many bytes are thrown away meanwhile: as many as a request may have by default. Also how long the one side of a
   * WebSocket may take to end when the other has.
   */
  lingerMs: 30_000,
  lingerBytes: 1024 * 1024 * 1024,
  /** How long, when a stop has left nothing in flight, clients may take to read the last answers. */
  partingMs: 1_000,
} as const;
