import { strikeAll } from "./strike.ts";
import { bodies } from "./vectors/bodies.ts";
import { chunking } from "./vectors/chunking.ts";
import { codings } from "./vectors/codings.ts";
import { headerTricks } from "./vectors/header-tricks.ts";
import { hostHeaders } from "./vectors/hosts.ts";
import { lengths } from "./vectors/lengths.ts";
import { requestLines } from "./vectors/request-lines.ts";
import { targets } from "./vectors/targets.ts";
import { upgrades } from "./vectors/upgrades.ts";

strikeAll({
  "lengths of bodies": lengths,
  "transfer codings": codings,
  "chunked bodies": chunking,
  "request lines": requestLines,
  targets,
  "Host headers": hostHeaders,
  headers: headerTricks,
  "upgrades and expectations": upgrades,
  "bodies that choose the endpoint": bodies,
});
