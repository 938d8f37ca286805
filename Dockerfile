# The one image of web, migrate, worker and beat. Build: docker build -t titanobova .

FROM python:3.11-slim AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
RUN python -m venv /opt/venv
WORKDIR /app
COPY requirements.txt .
# Only wheels: nothing is compiled, and no package runs code of its own while it is installed.
RUN pip install --require-hashes --only-binary :all: -r requirements.txt
COPY . .
# The static files must be collected under the production profile, for DEBUG writes no manifest. The secrets made for
# that are thrown away with this stage.
RUN mkdir /tmp/build \
    && cp .env.production.example /tmp/build/ \
    && export ENV_DIR=/tmp/build LOG_DIR=/tmp/build/logs DEBUG=False \
    && python -m titanobova.env new-secrets \
    && python manage.py collectstatic --noinput \
    && python -m compileall -q .

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DEBUG=False \
    GUNICORN_BIND=0.0.0.0:8000
# pg_dump, pg_restore and psql, for `manage.py backup` and `restore`.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
# The code stays root's: a hole in the application cannot rewrite it. Only logs and media are the application's own.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin titanobova \
    && install -d -o 10001 -g 10001 logs media
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "-c", "deploy/gunicorn.conf.py", "titanobova.wsgi:application"]
