.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory

# The Python that makes .venv; everything else runs in there.
PYTHON ?= python3
PY := .venv/bin/python
# How many processes run all the tests: one a core, four at most.
JOBS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 4 ? cores : 4)))

.PHONY: help demo demo-reset run install install-dev test test-postgres pictures check lint types imports \
        fix bench bench-full lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: install ## Install and start everything with a sandbox, ready to look at (Ctrl-C stops it)
	@$(PY) manage.py demo

demo-reset: install ## Throw the demo's data away and start it over
	@$(PY) manage.py demo --reset

run: install ## Start the console against real systems: Redis, pages, worker, scheduler
	@$(PY) manage.py serve

install: ## Install what the console needs into .venv
	@$(PYTHON) integration_admin/bootstrap.py run

install-dev: ## Install also what tests and checks need
	@$(PYTHON) integration_admin/bootstrap.py dev

test: install-dev ## Run the tests, or those of T="path -k words"
	@$(PY) -m tests.browser
	@$(PY) -m pytest $(if $(T),$(T),--numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder)

test-postgres: install-dev ## Run the tests, or those of T=…, on a PostgreSQL of their own
	@$(PY) -m tests.postgres $(T)

check: lint types imports test ## Everything a change must pass

lint: install-dev ## Check style
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: install-dev ## Check types
	@$(PY) -m mypy .

imports: install-dev ## Check which part imports which
	@$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

fix: install-dev ## Mend what mends itself
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

pictures: install-dev ## Take pictures of every page, at three widths, light and dark, into test-results/
	@$(PY) -m tests.browser
	@$(PY) -m pytest -q tests/pages/screenshots.py

bench: install-dev ## Measure the budgets, in at most ten minutes
	@$(PY) -m benchmarks

bench-full: install-dev ## Measure also with 100,000 records and more
	@$(PY) -m benchmarks --full

lock: install-dev ## Write the pinned requirements anew (maintainers; needs uv)
	@uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
		requirements.in --output-file requirements.txt
	@uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
		--constraints requirements.txt requirements-dev.in --output-file requirements-dev.txt
