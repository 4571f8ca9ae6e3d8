# The operator's image. `make image IMAGE=NAME` builds it; docs/install.md says how to pin the base to a digest.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim

FROM ${PYTHON_IMAGE} AS packages
WORKDIR /src
COPY requirements/runtime.txt requirements/
# --only-binary: nothing is compiled, on no architecture. The bytecode bears no time, so that it is the same in every build.
# The kubernetes package is imported with a kubeconfig alone, not in a pod: its bytecode would be a fifth of the image.
RUN python -m venv --without-pip /opt/modelservice \
 && pip --python /opt/modelservice/bin/python --no-cache-dir --disable-pip-version-check \
    install --no-compile --only-binary :all: --require-hashes -r requirements/runtime.txt \
 && python -m compileall -q --invalidation-mode unchecked-hash -x /kubernetes/ /opt/modelservice/lib

FROM packages AS operator
COPY requirements/build.txt requirements/
RUN pip --no-cache-dir --disable-pip-version-check install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
# Beside the packages, not among them: what changes with every version is a layer of its own.
RUN pip --no-cache-dir --disable-pip-version-check wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && pip --python /opt/modelservice/bin/python --no-cache-dir --disable-pip-version-check \
    install --no-compile --no-deps --no-index --prefix /operator /wheels/*.whl \
 && python -m compileall -q --invalidation-mode unchecked-hash /operator/lib

FROM ${PYTHON_IMAGE}
COPY --from=packages /opt/modelservice /opt/modelservice
COPY --from=operator /operator /opt/modelservice
ENV PATH=/opt/modelservice/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# That of the chart's securityContext.
USER 65532:65532
ENTRYPOINT ["modelservice"]
CMD ["run"]
ARG VERSION=""
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="ModelService operator" \
      org.opencontainers.image.description="Offers large models as a service on Kubernetes from one small object" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
