# syntax=docker/dockerfile:1

# Builds the server with its most expensive optimisations, and ships it with nothing but the C library, certificate
# authorities and a user without rights. The root file system may be read-only: all state is in /var/lib/switchboard.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist --package switchboard \
    && install -D target/dist/switchboard /out/switchboard

FROM debian:bookworm-slim
# Copied rather than installed: the image then needs no package manager run, and builds the same tomorrow.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/switchboard /usr/local/bin/switchboard

# The number matters, not the name: Kubernetes' runAsNonRoot can only check numbers.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/switchboard
USER 10001:10001
WORKDIR /var/lib/switchboard
VOLUME /var/lib/switchboard

# In a container loopback reaches nobody. The server therefore insists on a token to sign in with.
ENV SWITCHBOARD__SERVER__HOST=0.0.0.0
ARG APP_VERSION=""
ARG APP_IMAGE_SHA=""
ENV APP_VERSION=${APP_VERSION} APP_IMAGE_SHA=${APP_IMAGE_SHA}

EXPOSE 3000
STOPSIGNAL SIGTERM
ENTRYPOINT ["switchboard"]
CMD ["serve"]
