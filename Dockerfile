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
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -tags timetzdata \
      -ldflags "-s -w -X main.version=${VERSION}" \
      -o /root/image/shoal ./cmd/shoal && \
    mkdir -p /root/image/state /root/image/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chmod=1777 /root/image/tmp /tmp
COPY --from=build --chown=10001:10001 /root/image/state /state
COPY --from=build /root/image/shoal /shoal
USER 10001:10001
# Where a segment_store with the path /state keeps its state.
VOLUME /state
EXPOSE 4195
HEALTHCHECK --start-period=10s CMD ["/shoal", "healthcheck"]
ENTRYPOINT ["/shoal"]
CMD ["run", "/shoal.yaml"]
