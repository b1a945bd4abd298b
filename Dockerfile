# Two images from one wheel:
#   docker build --target control -t motet-control .   gateway, tasks, migrations: no torch
#   docker build --target worker  -t motet-worker .    the inference worker: torch, no database
# pip's own settings can be given as build arguments, for example an extra index with CPU builds of
# torch: --build-arg PIP_EXTRA_INDEX_URL=...

FROM python:3.12-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/motet/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN useradd --system --uid 10001 --home-dir /var/lib/motet --create-home motet \
    && install -d -o motet -g motet -m 700 /var/lib/motet/store /var/lib/motet/worker

FROM base AS packages
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
RUN python -m venv /opt/motet
COPY requirements/run.lock /src/requirements/
RUN pip install --no-deps --require-hashes -r /src/requirements/run.lock

# The dashboard: files that any browser runs, so Node stays behind in this stage.
FROM node:22-bookworm-slim AS dashboard
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc /src/frontend/
RUN cd /src/frontend && npm ci --loglevel=error
COPY frontend /src/frontend
RUN cd /src/frontend && npm run --silent build

FROM packages AS wheel
COPY pyproject.toml README.md LICENSE /src/
COPY platform /src/platform
COPY --from=dashboard /src/platform/motet_platform/dashboard/static /src/platform/motet_platform/dashboard/static
COPY billing /src/billing
COPY inference /src/inference
COPY kernels /src/kernels
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels /src

FROM packages AS control-packages
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels pip install --no-deps /wheels/*.whl \
    && ln -s "$(python -c 'from motet_inference.tiny import BASE; print(BASE)')" /opt/motet/motet-tiny

# torch goes first and alone, so that no later range replaces the build that was chosen.
FROM base AS worker-packages
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
RUN python -m venv /opt/motet
COPY requirements/torch.txt requirements/run.lock /src/requirements/
RUN pip install -r /src/requirements/torch.txt
RUN pip install --no-deps --require-hashes -r /src/requirements/run.lock
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels pip install --no-deps /wheels/*.whl \
    && ln -s "$(python -c 'from motet_inference.tiny import BASE; print(BASE)')" /opt/motet/motet-tiny

FROM base AS control
COPY --from=control-packages /opt/motet /opt/motet
USER motet
WORKDIR /var/lib/motet
EXPOSE 8000
CMD ["motet", "gateway"]

FROM base AS worker
COPY --from=worker-packages /opt/motet /opt/motet
USER motet
WORKDIR /var/lib/motet
EXPOSE 7070
CMD ["python", "-m", "motet_inference"]
