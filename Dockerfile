# The repository as it runs: TypeScript by type stripping.
FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# With development dependencies: the order system's mail (nodemailer, smtp-server) is none of the package's.
RUN npm ci --ignore-scripts
COPY topology topology
COPY processors processors
COPY schemas schemas
COPY runtime runtime
RUN mkdir /data && chown node /data
USER node
VOLUME /data
