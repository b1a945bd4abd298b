# `make up` runs the whole platform, `make test` passes its tests; each does its own set-up.
PY := $(or $(MOTET_VENV),.venv)/bin/python
export PYTHONUNBUFFERED := 1

.PHONY: up test crash test-long lint types unit parity e2e install install-dev clean
.PHONY: dashboard dashboard-check dashboard-api screenshots

up: install dashboard
	@MOTET_STRIPE="$${MOTET_STRIPE-sandbox}" $(PY) -m motet_platform up

install:
	@requirements/install.sh run

install-dev:
	@requirements/install.sh dev

test: install-dev lint types dashboard-check unit parity e2e

# The web dashboard: built if its sources have changed; checked; its types taken from the API anew.
dashboard: install
	@requirements/dashboard.sh

dashboard-check: install-dev
	@requirements/dashboard.sh check

dashboard-api: install-dev
	$(PY) -m motet_platform.dashboard.document > frontend/openapi.json
	cd frontend && npm run --silent api

screenshots: install-dev dashboard-check
	$(PY) -m tests.e2e.dashboard.screenshots docs/screenshots

lint: install-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(dir $(PY))lint-imports

types: install-dev
	$(PY) -m mypy

unit: install-dev
	$(PY) -m pytest tests -m "not slow and not e2e and not gpu" --ignore tests/inference/parity -n 2 --dist loadfile -q

parity: install-dev
	$(PY) -m pytest tests/inference/parity -m "not slow and not gpu" -n 2 --dist loadfile -q

# The browser's tests run in a process of their own: Playwright's synchronous interface keeps an event
# loop running in the thread of the tests, in which no asynchronous test can start another. They wait
# more than they work: two halves, each with a platform of its own, take two thirds of the time.
e2e: install-dev
	$(PY) -m pytest tests/e2e -m "not slow" --ignore tests/e2e/dashboard -q
	$(PY) -m pytest tests/e2e/dashboard -m "not slow" -n 2 --dist loadfile -q

# Twenty storms of kill -9 under load; prints what each brought.
crash: install-dev
	$(PY) -m pytest tests/e2e/test_storm.py -m slow -q -s

test-long: install-dev
	$(PY) -m pytest tests -m "slow and not gpu" -q

clean:
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
