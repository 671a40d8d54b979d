# The toolkit in a container that makes one digest and ends: see compose.yaml.
FROM python:3.12-slim-bookworm

# The kernels are compiled into the package, for each set of instructions.
# Debian removes old versions of its packages, so none are pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*

# PyTorch's index of builds for CPUs makes the image several GB smaller:
# docker build --build-arg PIP_EXTRA_INDEX_URL=...
ARG PIP_EXTRA_INDEX_URL=""
WORKDIR /opt/news-toolkit
COPY setup.py setup.cfg pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY prompts prompts
COPY seeds seeds
COPY toolkit toolkit
RUN pip install --no-cache-dir --constraint constraints.txt '.[mail,notify]' \
    && rm -rf build ./*.egg-info

# Everything that is kept: toolkit.toml, outputs, caches, weights.
RUN useradd --uid 10001 --home-dir /news --no-create-home news \
    && install --directory --owner=news --group=news /news
USER 10001
WORKDIR /news
VOLUME /news
ENV XDG_CACHE_HOME=/news/cache XDG_DATA_HOME=/news/data HF_HOME=/news/cache/huggingface

ENTRYPOINT ["toolkit"]
CMD ["digest", "--config", "/news/toolkit.toml"]
