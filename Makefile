# Needs only make and Python >= 3.11 with venv. Say which Python with: make PYTHON=/path/to/python3.12 run
PYTHON ?= python3
VENV ?= .venv
LOWER_VENV ?= .venv-lower
# Most tests wait for a terminal, a server or a process, so more of them run at once than there are cores.
TEST_JOBS ?= 4
PYTEST_ARGS ?=
BENCH_ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# A stamp is touched last, so a venv that failed half-way is never taken for a made one.
INSTALLED := $(VENV)/.installed
INSTALLED_TEST := $(VENV)/.installed-test
INSTALLED_DEV := $(VENV)/.installed-dev
INSTALLED_LOWER := $(LOWER_VENV)/.installed

.PHONY: help run test check check-static lint types imports docs-check docs pictures bench test-lower clean

help:
	@echo 'make run         install into $(VENV) and open dcmtty on samples/'
	@echo 'make test        install the test extra and run the suite'
	@echo 'make check       lint, types, import rules, docs and tests'
	@echo 'make check-static  the same without the tests'
	@echo 'make bench       run benchmarks/ against their peers'
	@echo 'make docs        write the generated parts of docs/'
	@echo 'make pictures    draw docs/images from the running app'
	@echo 'make test-lower  run the suite on the oldest dependencies allowed'
	@echo 'make clean       remove what the other targets made'

define CHECK_PYTHON
@command -v $(PYTHON) >/dev/null || { echo "no '$(PYTHON)' found; say which with: make PYTHON=/path/to/python3" >&2; exit 1; }
@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "dcmtty needs Python 3.11 or newer, and $(PYTHON) is %d.%d; say which with: make PYTHON=/path/to/python3.11" % v[:2])'
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv; on Debian: apt-get install python3-venv" >&2; exit 1; }
endef

$(INSTALLED): pyproject.toml
	$(CHECK_PYTHON)
	@echo 'creating $(VENV) (once; needs the network)' >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) --editable .
	@touch $@

$(INSTALLED_TEST): $(INSTALLED)
	@$(PIP) --editable '.[test]'
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@$(PIP) --editable '.[dev]'
	@touch $@

$(INSTALLED_LOWER): pyproject.toml tests/lower-bounds.txt
	$(CHECK_PYTHON)
	@$(PYTHON) -m venv --clear $(LOWER_VENV)
	@$(LOWER_VENV)/bin/python -m pip --disable-pip-version-check install --quiet --constraint tests/lower-bounds.txt --editable '.[test]'
	@touch $@

run: $(INSTALLED)
	@$(BIN)/dcmtty samples

test: $(INSTALLED_TEST)
	$(BIN)/python -m pytest -n $(TEST_JOBS) --dist worksteal $(PYTEST_ARGS)

check: check-static test

check-static: lint types imports docs-check

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python scripts/check_size.py

types: $(INSTALLED_DEV)
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

imports: $(INSTALLED_DEV)
	PYTHONPATH=core:tui $(BIN)/lint-imports

docs-check: $(INSTALLED_DEV)
	$(BIN)/python scripts/check_docs.py

docs: $(INSTALLED)
	$(BIN)/python scripts/check_docs.py --write

# Sends to a real sshd, which must be installed.
pictures: $(INSTALLED_TEST)
	$(BIN)/python scripts/make_pictures.py

# Installs the peers' Debian packages where it may.
bench: $(INSTALLED_TEST)
	benchmarks/install_peers.sh
	$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

test-lower: $(INSTALLED_LOWER)
	$(LOWER_VENV)/bin/python -m pytest -n $(TEST_JOBS) --dist worksteal $(PYTEST_ARGS)

clean:
	rm -rf $(VENV) $(LOWER_VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
