# Medcodes. `make help` explains itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVERS ?= processes
PROTOS := $(shell find protos/medcodes -name '*.proto')

# What `make run` passes on. Each is also an environment variable of the same name.
export MEDCODES_HTTP_PORT ?= 8000
export MEDCODES_STATE_DIR ?= var
MEDCODES_DATA ?=
SEARCH ?= $(or $(MEDCODES_SEARCH),tantivy)

.DEFAULT_GOAL := help
.PHONY: help run test check faults bench relevance fit protos lock clean

help: ## show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: $(VENV)/.runtime $(if $(filter opensearch,$(SEARCH)),$(VENV)/.java) ## set everything up and start Medcodes on this machine (SEARCH=opensearch: with OpenSearch)
	@MEDCODES_SEARCH=$(SEARCH) exec $(BIN)/medcodes up --http-port $(MEDCODES_HTTP_PORT) --state-dir "$(MEDCODES_STATE_DIR)" $(if $(MEDCODES_DATA),--data "$(MEDCODES_DATA)")

test: $(VENV)/.dev ## run every test against real servers (SERVERS=containers: in containers)
	@MEDCODES_TEST_SERVERS=$(SERVERS) $(BIN)/python -m tests

check: $(VENV)/.dev ## lint, types, layering, advisories, protos, generated code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tests.audit
	$(BIN)/buf lint
	@if git rev-parse -q --verify origin/main >/dev/null && git ls-tree -d origin/main protos/medcodes | grep -q .; \
	  then $(BIN)/buf breaking --against '.git#ref=origin/main'; \
	  else echo "buf breaking: there is no published main to compare with yet"; fi
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && $(MAKE) -s protos GEN="$$tmp" && diff -r "$$tmp/medcodes" protos/gen/medcodes \
	  --exclude=__pycache__ || { echo "protos/gen is not up to date: run make protos"; exit 1; }

faults: $(VENV)/.dev ## break the meter in 200 ways and check every history; goes on where it was stopped
	@$(BIN)/python -m tests.faults

bench: $(VENV)/.dev ## measure against named baselines; writes var/bench.json
	@$(BIN)/python -m benchmarks

relevance: $(VENV)/.dev ## score search over known queries; writes docs/relevance.md (ACCEPT=yes: keep its figures)
	@$(BIN)/python -m tests.relevance $(if $(ACCEPT),--accept)

fit: $(VENV)/.dev ## learn the order of search results again (needs MEDCODES_TEST_DATA)
	@$(BIN)/pip install --quiet --group fit
	@$(BIN)/python -m tests.relevance.fit

GEN ?= protos/gen
protos: $(VENV)/.dev ## generate protos/gen from protos/medcodes
	@mkdir -p $(GEN)
	@$(BIN)/python -m grpc_tools.protoc -Iprotos --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy \
	  --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc --python_out=$(GEN) --grpc_python_out=$(GEN) \
	  --mypy_out=quiet:$(GEN) --mypy_grpc_out=quiet:$(GEN) $(PROTOS)

lock: $(VENV)/.dev ## pin the dependencies of pyproject.toml again, with hashes, for Linux and macOS
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -o requirements/runtime.txt
	@$(BIN)/uv pip compile -q --group pyproject.toml:java --universal --python-version 3.11 --generate-hashes --no-header -o requirements/java.txt
	@$(BIN)/uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header -o requirements/dev.txt

clean: ## remove the virtual environment and the state folder
	rm -rf $(VENV) var

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Medcodes needs Python 3.11 or newer: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing Medcodes' Python packages into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.java: requirements/java.txt $(VENV)/.runtime
	@echo "Installing a Java runtime for OpenSearch ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/java.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing the packages for tests and checks ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
