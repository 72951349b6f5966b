FROM node:22-bookworm AS build
WORKDIR /larder
COPY . .
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
WORKDIR /larder
COPY --from=build --chown=node:node /larder/package.json ./
COPY --from=build --chown=node:node /larder/node_modules ./node_modules
COPY --from=build --chown=node:node /larder/dist ./dist
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080 1883
HEALTHCHECK --start-period=30s CMD node -e "fetch('http://127.0.0.1:8080/health').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"
# Inside a container the ports are published by whoever runs it: listen on every address, and say so.
ENV LARDER_DATA=/data LARDER_HTTP_HOST=0.0.0.0 LARDER_MQTT_HOST=0.0.0.0 LARDER_MQTT_ALLOW_PLAINTEXT_BEYOND_LOOPBACK=true
ENTRYPOINT ["node", "dist/larder.js"]
CMD ["up"]
