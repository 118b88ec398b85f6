# A worker, and the command line beside it: docs/docker.md. Needs no BuildKit; the tests build it without:
#
#   docker build -t sluice .

FROM maven:3.9-eclipse-temurin-25 AS build
WORKDIR /src
# The libraries in a layer of their own: they are fetched again only when the pom changes.
COPY pom.xml ./
RUN mvn -B -ntp -q -Dmaven.test.skip=true dependency:go-offline
COPY src ./src
RUN mvn -B -ntp -q -Dmaven.test.skip=true package

FROM eclipse-temurin:25-jre
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.description="Background backfill engine for expand-and-contract database changes" \
      org.opencontainers.image.licenses="Apache-2.0"

# What changes most seldom comes first. target/lib-dev, the embedded server of `sluice dev`, stays behind.
WORKDIR /opt/sluice
COPY LICENSE ./
COPY --from=build /src/target/lib ./target/lib
COPY sluice ./
COPY --from=build /src/target/sluice.jar ./target/

# Job files go here: mounted, or copied in by an image of your own.
RUN mkdir /jobs
ENV SLUICE_JOBS=/jobs

# A number, so that Kubernetes can see that it is not root. Nothing in the image is writable for it.
USER 10001:10001
EXPOSE 8080

# /health/live, not /health/ready: a new container would not bring an absent database back. bash speaks HTTP here
# because the image promises no curl.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${SLUICE_HTTP_PORT:-8080} && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]

# The launcher hands over to Java with exec, so that Java is process 1 and gets the signals.
ENTRYPOINT ["/opt/sluice/sluice"]
CMD ["worker"]
