# Two images of one file, on any base that has Python 3.11 or newer and apt:
#   podman build --target trainer --tag signalbox-trainer .
#   podman build --target trainer --tag signalbox-trainer:cuda --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130 .
#   podman build --target bot     --tag signalbox-bot .
# Which commit an image is of, it says by a label and, for who sees the registry alone, by a tag:
#   --build-arg REVISION=$(git rev-parse HEAD) --tag …:trainer-$(git rev-parse --short=12 HEAD)
ARG BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS base
# What the base has already is not asked for, so that a complete one builds without Debian's servers.
RUN missing="" \
 && for name in git tini; do command -v $name >/dev/null || missing="$missing $name"; done \
 && python3 -c "import ensurepip" 2>/dev/null || missing="$missing python3-venv" \
 && if [ -n "$missing" ]; then \
      apt-get update && apt-get install --yes --no-install-recommends ca-certificates $missing && rm -rf /var/lib/apt/lists/*; \
    fi
RUN useradd --create-home --uid 1000 signalbox && python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8
WORKDIR /opt/signalbox
COPY constraints.txt ./

FROM base AS trainer
# CPU or CUDA: the index decides. Without one, pip's own, where Linux wheels bring CUDA along.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# A folder of wheels that is mounted for the build, where there is no such network.
ARG PIP_FIND_LINKS=
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url} ${TORCH_INDEX} "$(grep '^torch==' constraints.txt)"
RUN pip install --no-cache-dir --constraint constraints.txt boto3 numpy scikit-learn
ENV PYTHONPATH=/opt/signalbox WORK_DIR=/work/job CACHE_DIR=/cache
COPY trainer trainer
RUN mkdir -p /work /cache && chown signalbox: /work /cache
USER signalbox
WORKDIR /work
# Last, so that another commit builds no layer anew.
ARG REVISION=unknown
LABEL org.opencontainers.image.revision=${REVISION}
# tini is process 1: it hands SIGTERM to the entrypoint, and buries what training code leaves behind.
ENTRYPOINT ["tini", "--", "python", "-m", "trainer.entrypoint", "--"]

FROM base AS bot
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY trainer trainer
RUN pip install --no-cache-dir --constraint constraints.txt --editable .
USER signalbox
WORKDIR /home/signalbox
# A volume that is mounted here belongs to who may write.
RUN mkdir var
ARG REVISION=unknown
LABEL org.opencontainers.image.revision=${REVISION}
ENTRYPOINT ["tini", "--", "signalbox"]
CMD ["run", "--config", "/etc/signalbox/config.toml"]
