# The service in an image of its own: no shell, no package manager, no root, a read-only root file system will do.
#
#   docker build --tag cloudinary-parse .
#
# That compiles the program. A program that scripts/package-binary.sh made takes the place of the first stage, as in the release
# workflow: a folder with linux/amd64/cloudinary-parse, linux/arm64/cloudinary-parse or both.
#
#   docker buildx build --build-context program=FOLDER --tag cloudinary-parse .
#
# Other base images, a mirror's say: --build-arg RUST=… --build-arg RUNTIME=…
# The second must bring glibc, libgcc and the certificate authorities that Cloudinary's certificate is checked against.
ARG RUST=docker.io/library/rust:1.95-bookworm
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

FROM ${RUST} AS program
ARG COMMIT
ARG TARGETPLATFORM
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches benches
COPY examples examples
COPY src src
COPY webhooks webhooks
RUN CLOUDINARY_PARSE_COMMIT="${COMMIT}" cargo build --locked --release --bin cloudinary-parse \
    && install -D target/release/cloudinary-parse "/${TARGETPLATFORM}/cloudinary-parse"

FROM ${RUNTIME}
ARG TARGETPLATFORM
COPY --from=program --chmod=0755 /${TARGETPLATFORM}/cloudinary-parse /usr/bin/cloudinary-parse
# The only folder that is written to, and only by a queue in SQLite and by `audit`. Made by its owner.
USER 65532:65532
WORKDIR /var/lib/cloudinary-parse
VOLUME /var/lib/cloudinary-parse
# The manifests are mounted at the second.
ENV CLOUDINARY_PARSE_BIND=0.0.0.0:8080 \
    CLOUDINARY_PARSE_WEBHOOKS=/etc/cloudinary-parse/webhooks
# Webhooks, and the admin listener where CLOUDINARY_PARSE_ADMIN_BIND opens it.
EXPOSE 8080 9090
LABEL org.opencontainers.image.title="cloudinary-parse" \
      org.opencontainers.image.description="Webhook server that gives a self-hosted Parse Server signed Cloudinary uploads" \
      org.opencontainers.image.source="https://github.com/example--owner/cloudinary-parse" \
      org.opencontainers.image.licenses="MIT"
HEALTHCHECK --interval=10s --timeout=6s --start-period=5s --retries=3 CMD ["/usr/bin/cloudinary-parse", "health"]
ENTRYPOINT ["/usr/bin/cloudinary-parse"]
CMD ["serve"]
