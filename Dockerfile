# syntax=docker/dockerfile:1
# The bridge as an image: `docker build -t chancery .`, or through compose.yaml.
# It runs as uid 10001 with a read-only root; it writes to /data only, and to nothing when it checks a configuration.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc LICENSE ./
COPY vendor ./vendor
RUN npm ci --ignore-scripts --include=dev --include=optional
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
# What is left in node_modules afterwards is what the bridge itself imports.
RUN npm run build && npm prune --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim
# The package managers of the base image are nothing that a running bridge needs.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
 && groupadd --gid 10001 chancery \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin chancery \
 && install --directory --owner=10001 --group=10001 --mode=0700 /data \
 && install --directory /config

WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/vendor ./vendor
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist

# In a container these are facts, not choices, so they override the configuration file.
ENV NODE_ENV=production \
    CHANCERY_CONFIG=/config/chancery.yaml \
    CHANCERY_DATA__DIRECTORY=/data \
    CHANCERY_APPSERVICE__HOST=0.0.0.0

USER 10001:10001
VOLUME /data
# The homeserver's pushes.
EXPOSE 29330
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["node", "/app/dist/cli/main.js", "status"]
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["start"]
