import type { Contender } from "./contender.ts";
import { direct } from "./direct.ts";
import { haproxy } from "./haproxy.ts";
import { httpProxy } from "./http-proxy.ts";
import { nginx } from "./nginx.ts";
import { portkey } from "./portkey.ts";
import { postern } from "./postern.ts";

/** In the order of the table. */
export const contenders: readonly Contender[] = [postern, nginx, haproxy, httpProxy, portkey, direct];
