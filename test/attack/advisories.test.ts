import { spacesInTargets } from "./advisories/CVE-2013-4547.ts";
import { proxyHeaders } from "./advisories/CVE-2016-5385.ts";
import { charactersThatBecomeLineEnds } from "./advisories/CVE-2018-12116.ts";
import { malformedCodings } from "./advisories/CVE-2019-15605.ts";
import { bodiesOfRefusedRequests } from "./advisories/CVE-2019-20372.ts";
import { secondCodings } from "./advisories/CVE-2020-8287.ts";
import { prefixEscapes } from "./advisories/CVE-2021-21321.ts";
import { spacesBeforeColons } from "./advisories/CVE-2021-22959.ts";
import { chunkExtensions } from "./advisories/CVE-2021-22960.ts";
import { namesThatOverflow } from "./advisories/CVE-2021-40346.ts";
import { unknownCodings } from "./advisories/CVE-2022-1705.ts";
import { lineEndsInHeads } from "./advisories/CVE-2022-31150.ts";
import { almostChunked } from "./advisories/CVE-2022-32213.ts";
import { bareLineFeeds } from "./advisories/CVE-2022-32214.ts";
import { codingsOfTwoLines } from "./advisories/CVE-2022-32215.ts";
import { lineEndsWithoutLineFeeds } from "./advisories/CVE-2022-35256.ts";
import { pathsThatAreOrigins } from "./advisories/CVE-2022-35949.ts";
import { namelessHeaders } from "./advisories/CVE-2023-25725.ts";
import { bareCarriageReturns } from "./advisories/CVE-2023-30589.ts";
import { emptyLengths } from "./advisories/CVE-2023-40225.ts";
import { redirects } from "./advisories/CVE-2023-45143.ts";
import { fragments } from "./advisories/CVE-2023-45539.ts";
import { oddContentTypes } from "./advisories/CVE-2023-51701.ts";
import { pathsThatCrash } from "./advisories/CVE-2024-21536.ts";
import { endlessExtensions } from "./advisories/CVE-2024-22019.ts";
import { spacesBeforeLengths } from "./advisories/CVE-2024-27982.ts";
import { lineFeedsBehindSizes } from "./advisories/CVE-2025-22871.ts";
import { headsThatEndEarly } from "./advisories/CVE-2025-23167.ts";
import { carriageReturnsInExtensions } from "./advisories/CVE-2025-55315.ts";
import { lengthsInTwoCases } from "./advisories/CVE-2026-1525.ts";
import { connectionTakesCredentials } from "./advisories/CVE-2026-33805.ts";
import { joinedCacheKeys } from "./advisories/GHSA-v574-6498-x57v.ts";
import { strikeAll } from "./strike.ts";

strikeAll({
  "CVE-2013-4547": spacesInTargets,
  "CVE-2016-5385": proxyHeaders,
  "CVE-2018-12116": charactersThatBecomeLineEnds,
  "CVE-2019-15605": malformedCodings,
  "CVE-2019-20372": bodiesOfRefusedRequests,
  "CVE-2020-8287": secondCodings,
  "CVE-2021-21321": prefixEscapes,
  "CVE-2021-22959": spacesBeforeColons,
  "CVE-2021-22960": chunkExtensions,
  "CVE-2021-40346": namesThatOverflow,
  "CVE-2022-1705": unknownCodings,
  "CVE-2022-31150": lineEndsInHeads,
  "CVE-2022-32213": almostChunked,
  "CVE-2022-32214": bareLineFeeds,
  "CVE-2022-32215": codingsOfTwoLines,
  "CVE-2022-35256": lineEndsWithoutLineFeeds,
  "CVE-2022-35949": pathsThatAreOrigins,
  "CVE-2023-25725": namelessHeaders,
  "CVE-2023-30589": bareCarriageReturns,
  "CVE-2023-40225": emptyLengths,
  "CVE-2023-45143": redirects,
  "CVE-2023-45539": fragments,
  "CVE-2023-51701": oddContentTypes,
  "CVE-2024-21536": pathsThatCrash,
  "CVE-2024-22019": endlessExtensions,
  "CVE-2024-27982": spacesBeforeLengths,
  "CVE-2025-22871": lineFeedsBehindSizes,
  "CVE-2025-23167": headsThatEndEarly,
  "CVE-2025-55315": carriageReturnsInExtensions,
  "CVE-2026-1525": lengthsInTwoCases,
  "CVE-2026-33805": connectionTakesCredentials,
  "GHSA-v574-6498-x57v": joinedCacheKeys,
});
