# Built and run by docker-compose.yml; "docker run larder" alone starts everything in one process.
FROM node:20.19.5-bookworm AS build
WORKDIR /larder
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3 esbuild
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

# The client of Kafka is compiled apart: only the distributed form needs it.
FROM node:20.19.5-bookworm AS kafka
WORKDIR /larder/native/kafka
COPY native/kafka ./
RUN npm ci

FROM node:20.19.5-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends libcurl4 libsasl2-2 libssl3 libzstd1 zlib1g \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /larder
COPY --from=build --chown=node:node /larder/package.json ./
COPY --from=build --chown=node:node /larder/node_modules ./node_modules
COPY --from=build --chown=node:node /larder/dist ./dist
COPY --from=kafka --chown=node:node /larder/native/kafka ./native/kafka
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080 1883
HEALTHCHECK --start-period=30s CMD node -e "fetch('http://127.0.0.1:8080/health').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"
# Inside a container the ports are published by whoever runs it: listen on every address, and say so.
ENV NODE_ENV=production LARDER_DATA=/data LARDER_HTTP_HOST=0.0.0.0 LARDER_MQTT_HOST=0.0.0.0 LARDER_MQTT_ALLOW_PLAINTEXT_BEYOND_LOOPBACK=true
ENTRYPOINT ["node", "--max-semi-space-size=4", "dist/larder.js"]
CMD ["up"]
