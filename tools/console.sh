#!/bin/sh
# Builds the console into dist/console, unless it has been built since its sources last changed. Whoever uses it
# meanwhile finds the old one or the new one, and no half of either.
set -eu
cd "$(dirname "$0")/.."
if [ -f dist/console/index.html ]; then
  newer=$(find src/admin/console vite.config.ts tools/compressed.ts tools/notices.ts tools/unused.ts package-lock.json -newer dist/console/index.html)
  if [ -z "$newer" ]; then exit 0; fi
fi
echo "postern: building the console (first use, or its sources changed)" >&2
# Whoever runs tests says NODE_ENV=test, and would get the parts that are for development.
NODE_ENV=production exec node_modules/.bin/node tools/console.ts
