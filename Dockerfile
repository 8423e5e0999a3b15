# Rakor in one image. Alone it keeps its own PostgreSQL in /var/lib/rakor; with RAKOR_DATABASE_URL it uses another.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/rakor \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /src
# The packages change less often than the code, so they are a layer of their own.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY README.md ./
COPY app ./app
COPY migrations ./migrations
RUN uv sync --frozen --no-dev --no-editable

FROM python:${PYTHON}-slim-bookworm
# PostgreSQL runs neither as root nor as an account without a name.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/rakor --shell /usr/sbin/nologin rakor \
    && install --directory --owner=rakor --group=rakor --mode=0700 /var/lib/rakor
COPY --from=build /opt/rakor /opt/rakor
ENV PATH=/opt/rakor/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RAKOR_DATA_DIR=/var/lib/rakor \
    RAKOR_LOG_FORMAT=json
WORKDIR /var/lib/rakor
USER rakor
VOLUME /var/lib/rakor
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["rakor", "serve", "--host", "0.0.0.0", "--port", "8000"]
