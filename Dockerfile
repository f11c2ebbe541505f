# The ledger for production: no tests, no embedded PostgreSQL, no build tools, no pip; hashes demanded of every package.
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/ledger
COPY requirements-server.lock /src/
RUN /opt/ledger/bin/pip install -qq --require-hashes --only-binary :all: -r /src/requirements-server.lock
COPY pyproject.toml README.md LICENSE /src/
COPY ledger /src/ledger
COPY projections /src/projections
COPY api /src/api
# What built the package is not needed to run it.
RUN /opt/ledger/bin/pip install -qq --no-deps --no-build-isolation /src \
 && /opt/ledger/bin/pip uninstall -qq -y hatchling editables trove-classifiers tomlkit pathspec pluggy setuptools pip

FROM ${BASE_IMAGE}
RUN groupadd --system --gid 10001 ledger \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/guarantee-ledger \
    --shell /usr/sbin/nologin ledger \
 && install -d -o ledger -g ledger -m 700 /var/lib/guarantee-ledger
COPY --from=build /opt/ledger /opt/ledger
ENV PATH=/opt/ledger/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /var/lib/guarantee-ledger
VOLUME /var/lib/guarantee-ledger
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
# Read from the environment: DATABASE_URL or DATABASE_URL_FILE, LEDGER_KEY_FILE, LEDGER_ORIGIN, LEDGER_DATA.
CMD ["gledger", "serve", "--host", "0.0.0.0", "--port", "8080"]
