# The image of every step, and of `argosy` in compose. docs/image.md says what is in it and how it was measured.
#
# The base has Node, npm and a C++ runtime; nothing of it but Node, the libraries that Node and DuckDB load, and what a
# program looks up in /etc is taken over. So the image has no shell, no package manager and no other program.
ARG NODE_IMAGE=docker.io/library/node:24.18.0-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
# The only network access of the build. No package may run a script of its own.
RUN npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
COPY tsconfig.json LICENSE ./
COPY bin bin
COPY services services
COPY workflows workflows
RUN node bin/build.mjs && node bin/image-root.mjs /image

FROM scratch
# From what changes least to what changes most, so that a new version is one small layer.
COPY --from=build /image/system/ /
COPY --from=build --chown=65532:65532 /image/data/ /
COPY --from=build /image/modules/ /
COPY --from=build /image/app/ /

ENV PATH=/usr/local/bin \
    NODE_ENV=production \
    ARGOSY_SCRATCH=/tmp/scratch
WORKDIR /data
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["argosy"]
CMD ["--help"]

ARG ARGOSY_VERSION=0.1.0
ARG ARGOSY_REVISION=unknown
ARG ARGOSY_CREATED=1970-01-01T00:00:00Z
ARG ARGOSY_SOURCE=unknown
LABEL org.opencontainers.image.title="argosy" \
      org.opencontainers.image.description="Steps of argosy's data pipelines, and its command line" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${ARGOSY_VERSION}" \
      org.opencontainers.image.revision="${ARGOSY_REVISION}" \
      org.opencontainers.image.created="${ARGOSY_CREATED}" \
      org.opencontainers.image.source="${ARGOSY_SOURCE}"
