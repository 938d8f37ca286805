# `make help` lists what there is. Everything runs from .venv, which is made from the locks.
PYTHON ?= python3.11
PORT ?= 8000
URL ?= http://localhost:$(PORT)
BIN := .venv/bin
WORKERS ?= auto

.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamps hold the checksum of the lock they were made from, so a fresh checkout's file times do not matter.
.venv/run-stamp: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@sha256sum requirements.txt | cmp -s - $@ || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@sha256sum requirements.txt > $@

.venv/dev-stamp: requirements.txt requirements-dev.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@sha256sum requirements-dev.txt | cmp -s - $@ || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@sha256sum requirements-dev.txt > $@
	@sha256sum requirements.txt > .venv/run-stamp

.venv/browser-stamp: .venv/dev-stamp requirements-browser.txt
	@sha256sum requirements-browser.txt | cmp -s - $@ || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-browser.txt
	@sha256sum requirements-browser.txt > $@

setup: .venv/dev-stamp ## everything that development needs, in .venv

run: .venv/run-stamp ## a server with demo data on PORT (default 8000); nothing else is needed
	@$(BIN)/python manage.py run_demo $(PORT)

test: .venv/dev-stamp ## the suite on SQLite and process memory; no server, no Node, no browser
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not external"

test-services: .venv/dev-stamp ## the suite on PostgreSQL and Redis, with MariaDB and Node, without what `test` has shown for good; a skip is a failure
	@TEST_SERVICES=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not pure"

test-long: .venv/dev-stamp ## what takes long: ten thousand histories of money on SQLite; 50 kills of workers and 25 of imports, a minute of restarts
	@HISTORIES=10000 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/payments/test_histories.py
	@FAULTS=long KILLS=50 $(BIN)/python -m pytest -s tests/faults/test_killed.py tests/faults/test_postgresql.py
	@FAULTS=long TEST_SERVICES=1 $(BIN)/python -m pytest tests/legacy_import/test_import_restarted_database.py
	@IMPORT_KILLS=25 $(BIN)/python -m pytest tests/legacy_import/test_import_killed.py -m "not external"

test-browser: chromium .venv/browser-stamp ## the pages in a real Chromium, against gunicorn on SQLite; Chromium is the system's own
	@$(BIN)/python -m pytest tests/browser

chromium:
	@command -v chromium > /dev/null || { echo "make test-browser needs chromium on the PATH: apt-get install chromium"; exit 1; }

smoke: .venv/run-stamp ## the migration guide's requests against URL, a line each
	@$(BIN)/python tests/smoke.py $(URL)

check: .venv/dev-stamp ## style, types, imports, migrations, production settings, schema, security, compose file
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python manage.py makemigrations --check --dry-run --verbosity 0
	@$(BIN)/python deploy/check_production.py
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml titanobova audit users contacts courses payments legacy_import examples deploy
	@$(BIN)/python deploy/validate_compose.py

format: .venv/dev-stamp ## mend what a machine can mend
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

worker: .venv/run-stamp ## a Celery worker (needs REDIS_HOST)
	@$(BIN)/celery --app titanobova worker --loglevel INFO

PEERS := benchmarks/peers
$(PEERS)/node_modules/stamp: $(PEERS)/package-lock.json
	@sha256sum $< | cmp -s - $@ || npm ci --silent --prefix $(PEERS)
	@sha256sum $< > $@

bench: .venv/dev-stamp $(PEERS)/node_modules/stamp ## speed, as ratios against peers in the same run; needs PostgreSQL, Redis and Node
	@$(BIN)/python -m benchmarks.against_peers
	@$(BIN)/python -m benchmarks.logins
	@$(BIN)/python -m benchmarks.login_timing 20

up: ## the whole of production in Docker
	@test -f .env.production || { echo "First: python -m titanobova.env new-secrets (and set the hosts in .env.production)"; exit 1; }
	docker-compose -f docker-compose.yml up -d

lock: .venv/dev-stamp ## the locks, made anew from the .in files
	@for file in requirements requirements-dev requirements-browser; do $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate $$file.in -o $$file.txt; done

.PHONY: help setup run test test-services test-long test-browser chromium smoke check format worker bench up lock
