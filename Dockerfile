# The service in an image of its own: no shell, no package manager, no root, a read-only root file system will do.
#
#   docker build --build-arg COMMIT="$(git rev-parse --short=12 HEAD)" --tag cloudinary-parse .
#
# Other base images, a mirror's say: --build-arg RUST=… --build-arg RUNTIME=…
# The second must bring glibc, libgcc and the certificate authorities that Cloudinary's certificate is checked against.
ARG RUST=docker.io/library/rust:1.95-bookworm
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

FROM ${RUST} AS build
ARG COMMIT
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches benches
COPY examples examples
COPY src src
COPY webhooks webhooks
RUN CLOUDINARY_PARSE_COMMIT="${COMMIT}" cargo build --locked --release --bin cloudinary-parse \
    && install -D target/release/cloudinary-parse /out/usr/bin/cloudinary-parse \
    && install -d /out/etc/cloudinary-parse/webhooks /out/var/lib/cloudinary-parse \
    && chown 65532:65532 /out/var/lib/cloudinary-parse

FROM ${RUNTIME}
COPY --from=build /out/ /
# The only place that is written to, and only by a queue in SQLite and by `audit`.
WORKDIR /var/lib/cloudinary-parse
VOLUME /var/lib/cloudinary-parse
# The manifests are mounted at the second.
ENV CLOUDINARY_PARSE_BIND=0.0.0.0:8080 \
    CLOUDINARY_PARSE_WEBHOOKS=/etc/cloudinary-parse/webhooks
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=5s --retries=3 CMD ["/usr/bin/cloudinary-parse", "health"]
ENTRYPOINT ["/usr/bin/cloudinary-parse"]
CMD ["serve"]
