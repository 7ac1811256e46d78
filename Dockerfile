# The repository as it runs: TypeScript by type stripping.
FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY topology topology
COPY processors processors
COPY schemas schemas
COPY runtime runtime
RUN mkdir /data && chown node /data
USER node
VOLUME /data
