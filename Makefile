# `make demo` is the way in; `make help` lists the rest. Every target prepares what it needs by itself.

VENV ?= .venv
override VENV := $(VENV:~/%=$(HOME)/%)
# Many tests wait for servers that they start: one more than two cores have.
JOBS ?= 3
# Hundreds of modules are compiled again at every start of a process where Python is told not to keep them.
unexport PYTHONDONTWRITEBYTECODE
RUN := $(VENV)/bin/
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check -qq
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) --group build pyproject.toml

# Python: the one named by PYTHON=…, or the first of these that is recent enough.
PYTHONS := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)
FIND_PYTHON = for one in $(PYTHONS); do \
	"$$one" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$one" && break; done

# A virtual environment survives neither a move of its checkout nor the loss of its Python: it is made anew then.
FOUND := $(shell cat '$(VENV)/.checkout' 2>/dev/null; '$(VENV)/bin/python' -c '' 2>/dev/null && echo works)
ifneq ($(FOUND),$(CURDIR) works)
$(shell rm -f '$(VENV)/.checkout' '$(VENV)/.runtime' '$(VENV)/.dev' 2>/dev/null)
endif

.DEFAULT_GOAL := help
.PHONY: help demo demo-witnessed drill serve test lint types bench lock licences docs clean

help:  ## Say what there is to make
	@sed -n 's/^\([a-z-]*\):.*##/  make \1\t/p' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.runtime  ## The real agreements, signed and submitted, then served until Ctrl-C (PORT=…, DATA=…)
	@exec $(RUN)gledger demo $(if $(PORT),--port '$(PORT)') $(if $(DATA),--data '$(DATA)')

demo-witnessed: $(VENV)/.runtime  ## A ledger and three witnesses: one stopped, two, started again; audited by its policy (PORT=…, DATA=…)
	@exec $(RUN)gledger demo-witnessed $(if $(PORT),--port '$(PORT)') $(if $(DATA),--data '$(DATA)')

drill: $(VENV)/.runtime  ## An exercise on a demonstration ledger, its own or the one at URL=…, and its audit (PORT=…, DATA=…)
	@exec $(RUN)gledger drill $(if $(URL),--url '$(URL)') $(if $(PORT),--port '$(PORT)') $(if $(DATA),--data '$(DATA)')

serve: $(VENV)/.runtime  ## A ledger of your own, with its own PostgreSQL unless DATABASE_URL is set (PORT=…, DATA=…)
	@exec $(RUN)gledger up $(if $(PORT),--port '$(PORT)') $(if $(DATA),--data '$(DATA)')

test: $(VENV)/.dev  ## The tests, on a real PostgreSQL (JOBS=…, ARGS='-m slow' or any other pytest arguments)
	@$(RUN)python -m pytest -n $(JOBS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.dev  ## Style: ruff's rules and format
	@$(RUN)ruff check . && $(RUN)ruff format --check .

types: $(VENV)/.dev  ## Types: mypy, strict
	@$(RUN)mypy

bench: $(VENV)/.dev  ## Speeds as ratios to limits measured in the same run (docs/bench; ARGS=--quick)
	@$(RUN)python -m tests.bench $(ARGS)

lock: $(VENV)/.dev  ## Write the lock files from pyproject.toml (UPGRADE=1 for newer versions)
	@$(RUN)$(LOCK) --extra embedded --extra observers -o requirements.lock >/dev/null
	@$(RUN)$(LOCK) --extra embedded --extra observers --extra test -c requirements.lock -o requirements-dev.lock >/dev/null
	@$(RUN)$(LOCK) -c requirements.lock -o requirements-server.lock >/dev/null
	@grep -c == requirements.lock requirements-dev.lock requirements-server.lock

licences: $(VENV)/.dev  ## Write docs/licences.md from the installed packages
	@$(RUN)python -m tests.house.licence_table > docs/licences.md

docs: $(VENV)/.dev  ## Write the pages that are made from the code: docs/events.md, docs/schemas, docs/refusals.md
	@$(RUN)python -m tests.docs.event_schemas
	@$(RUN)python -m tests.docs.event_reference > docs/events.md
	@$(RUN)python -m tests.docs.refusal_reference > docs/refusals.md

clean:  ## Remove what the targets above made, data excepted
	@rm -rf '$(VENV)' build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -path ./.git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.checkout:
	@python=$$($(FIND_PYTHON)); \
	test -n "$$python" || { echo "No Python 3.11 or newer with venv and pip among: $(PYTHONS)." \
		"Install one (Debian: python3-venv) or name it: make PYTHON=/path/to/python" >&2; exit 1; }; \
	mkdir -p '$(VENV)' 2>/dev/null && test -w '$(VENV)' || { echo "Cannot write to $(VENV)." \
		"Name a place that you may write to: make VENV=~/ledger-venv" >&2; exit 1; }; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear '$(VENV)'
	@echo '$(CURDIR)' > $@

# Hashes are demanded of every package; the checkout itself is linked, built by the locked build backend.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/.checkout
	@echo "Installing $(words $(shell grep == $< | cut -d= -f1)) locked packages"
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing $(words $(shell grep == $< | cut -d= -f1)) locked packages"
	@$(PIP) install --require-hashes -r $<
	@touch $@
