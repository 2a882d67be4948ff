import { upstream, failure } from "./entry.ts";

/** The gateway itself. */
export const gatewayErrors = {
  connections_exhausted: upstream(503, true, (d: { most: number }) => [
    `${d.most} connections are open already, as many as limits.connections allows`,
    "close some, or raise limits.connections",
  ]),
  bodies_exhausted: {
    ...upstream(503, true, (d: { most: string }) => [
      `the request bodies that are held at present take ${d.most}, and no more are held: this one would have to be, for its model`,
      'send it again in a moment, with "model" at its beginning; with a local key that is limited to models, all of it is read first',
    ]),
    headers: () => ["Retry-After", "1"],
  },
  gateway_out_of_reach: upstream(502, true, (d: { reason: string }) => [
    `the console cannot reach the gateway's own listener: ${d.reason}`,
    "look at the log, and whether the gateway serves: postern doctor",
  ]),
  request_stopped: upstream(503, false, () => [
    "this request was stopped by hand while it was in flight",
    "send it again if it is still wanted; whoever runs this gateway stopped it in its console, or through its API",
  ]),
  shut_down: upstream(503, true, () => [
    "Postern shut down before this request had its answer",
    "send it again in a moment; timeouts.drain in postern.yaml says how long a stop waits for requests in flight",
  ]),
  stopping: upstream(503, true, () => ["Postern is stopping", "try again in a moment"]),
  internal: failure(1, (d: { reason: string }) => [
    `an error of Postern's own: ${d.reason}`,
    "please report it with the request id and the log line",
  ]),
  worker_failed: failure(1, (d: { number: number; reason: string }) => [
    `worker ${d.number} failed: ${d.reason}`,
    "look at the log lines before this; with workers: 1 in postern.yaml, one process does everything",
  ]),
  worker_behind: failure(1, (d: { number: number; reason: string }) => [
    `worker ${d.number} could not apply all of the change yet: ${d.reason}`,
    "it is tried again every 500 ms, and a worker that stays behind is replaced; mend what stands in the way",
  ]),
  socket_folder_open: failure(1, (d: { folder: string; reason: string }) => [
    `no Unix socket is put in the folder ${d.folder}: ${d.reason}, and whoever opens the socket uses the credentials`,
    "name a folder of its own, such as unix:run/postern.sock; one that does not exist is made (0700)",
  ]),
  address_in_use: failure(1, (d: { address: string }) => [
    `the address ${d.address} is in use`,
    "stop the other program, or choose another address or port 0",
  ]),
  address_unavailable: failure(1, (d: { address: string; reason: string }) => [
    `cannot listen on ${d.address}: ${d.reason}`,
    "choose another address",
  ]),
} as const;
