# Two images, on any base that has Python 3.11 or newer and apt:
#   podman build --target trainer --tag signalbox-trainer .
#   podman build --target trainer --tag signalbox-trainer:cuda --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130 .
#   podman build --target bot     --tag signalbox-bot .
# A label names the image's commit, and so does a tag, for people who only see the registry:
#   --build-arg REVISION=$(git rev-parse HEAD) --tag …:trainer-$(git rev-parse --short=12 HEAD)
# A tag may move to another image: `python -m deploy.aws.push` builds from the digest that it finds behind this one.
ARG BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS base
# Installs only what the base lacks, so that a complete base builds without Debian's servers.
RUN missing="" \
 && for name in git git-lfs tini; do command -v $name >/dev/null || missing="$missing $name"; done \
 && python3 -c "import ensurepip" 2>/dev/null || missing="$missing python3-venv" \
 && if [ -n "$missing" ]; then \
      apt-get update && apt-get install --yes --no-install-recommends ca-certificates $missing && rm -rf /var/lib/apt/lists/*; \
    fi
RUN useradd --create-home --uid 1000 signalbox && python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8
WORKDIR /opt/signalbox
COPY constraints.txt ./

FROM base AS trainer
# The index decides between CPU and CUDA. Empty means pip's own index, whose Linux wheels include CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# A folder of wheels mounted for the build, if that index can't be reached.
ARG PIP_FIND_LINKS=
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url} ${TORCH_INDEX} "$(grep '^torch==' constraints.txt)"
COPY deploy/image/trainer.lock deploy/image/
RUN pip install --no-cache-dir --require-hashes --no-deps --requirement deploy/image/trainer.lock
ENV PYTHONPATH=/opt/signalbox WORK_DIR=/work/job CACHE_DIR=/cache
COPY trainer trainer
# The entrypoint starts as root and separates these two from itself: trainer/process/users.py.
RUN useradd --no-create-home --uid 1001 signalbox-fetch && mkdir -p /work /cache && chown signalbox: /work /cache
ENV SIGNALBOX_TRAINING_UID=1000 SIGNALBOX_FETCH_UID=1001
WORKDIR /work
# Last, so that a new commit rebuilds no layer.
ARG REVISION=unknown
LABEL org.opencontainers.image.revision=${REVISION}
# -P: nothing is imported from the working directory, where training code may write.
# tini is process 1: it passes SIGTERM to the entrypoint and reaps processes that training code leaves behind.
ENTRYPOINT ["tini", "--", "python", "-P", "-m", "trainer.entrypoint", "--"]

FROM base AS bot
COPY LICENSE ./
COPY deploy/image/bot.lock deploy/image/
# What holds the credentials runs only files that were looked at: the hashes are in the lock file.
RUN pip install --no-cache-dir --require-hashes --no-deps --requirement deploy/image/bot.lock
ENV PYTHONPATH=/opt/signalbox
COPY bot bot
COPY trainer trainer
# The container may be read-only but for /tmp and the volume.
ENV MPLCONFIGDIR=/tmp/matplotlib
USER signalbox
WORKDIR /home/signalbox
# So that a volume mounted here belongs to this user.
RUN mkdir var
ARG REVISION=unknown
LABEL org.opencontainers.image.revision=${REVISION}
ENTRYPOINT ["tini", "--", "python", "-m", "bot"]
CMD ["run", "--config", "/etc/signalbox/config.toml"]
