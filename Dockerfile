# Shoal as one static binary in an image that holds nothing else.
#
#   docker build -t shoal .
#   docker run -v ./pipeline.yaml:/shoal.yaml:ro -v shoal-state:/state -p 4195:4195 shoal

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \
    go mod download
COPY . .
ARG VERSION=0.1.0-dev
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/go/build \
    CGO_ENABLED=0 GOCACHE=/go/build go build -trimpath -tags timetzdata \
      -ldflags "-s -w -X main.version=${VERSION}" \
      -o /image/shoal ./cmd/shoal
# Copied as a tree, as COPY would not set a sticky bit.
RUN install -D -m 0644 -t /image/etc/ssl/certs /etc/ssl/certs/ca-certificates.crt && \
    install -d -m 1777 /image/tmp && \
    install -d /state

FROM scratch
COPY --from=build /image /
COPY LICENSE /
COPY --from=build --chown=10001:10001 /state /state
USER 10001:10001
# Where a segment_store with the path /state (or ./state) keeps its state.
VOLUME /state
EXPOSE 4195
HEALTHCHECK --start-period=10s CMD ["/shoal", "healthcheck"]
ENTRYPOINT ["/shoal"]
CMD ["run", "/shoal.yaml"]
