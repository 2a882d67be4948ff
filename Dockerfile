# The sidecar's image: the bundled program on the official Node image, run by a user without
# rights. It holds no configuration and no credential: mount a folder with postern.yaml, identity.txt and vault.age
# at /etc/postern (read-only will do). deploy/ has examples. Build: docker build -t postern .
# On a machine without a container engine: tools/image.sh.

# The Node version is the one that tools/runtime/package.json pins; test/container holds them together.
FROM docker.io/library/node:26.10.0-bookworm-slim AS base

FROM base AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY tools/runtime/package.json tools/runtime/
# --workspaces=false leaves out tools/runtime: it only brings a Node, and the image has its own.
RUN npm ci --workspaces=false --ignore-scripts
COPY tsconfig.json rolldown.config.ts vite.config.ts ./
COPY tools/compressed.ts tools/notices.ts tools/unused.ts tools/
COPY src src
# In this order: the first one clears dist, the second one puts the console's pages into it.
RUN node_modules/.bin/rolldown -c && node_modules/.bin/vite build

FROM base
WORKDIR /opt/postern
COPY --from=build /build/dist dist
COPY bin bin
COPY package.json LICENSE ./
ENV NODE_ENV=production \
    POSTERN_CONFIG=/etc/postern/postern.yaml \
    PATH=/opt/postern/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# A number, so that Kubernetes can check runAsNonRoot. Any other user works too: nothing in the image is written to.
USER 65532:65532
# The gateway listens on loopback, which is the pod's own or the shared network namespace: nothing is exposed.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["postern-probe"]
ENTRYPOINT ["postern"]
CMD ["serve"]
