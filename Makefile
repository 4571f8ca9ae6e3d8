.DEFAULT_GOAL := help
SHELL := /bin/bash -o pipefail
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NODE_PACKAGES := containerd runc nftables containernetworking-plugins iproute2 mount util-linux hostname curl

.PHONY: help
help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "Installing the Python packages into $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: install
install: $(READY) ## Install the operator and its tools into .venv

.PHONY: check
check: $(READY) ## Lint, types, import contracts, generated files up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m modelservice_operator.generate --check

.PHONY: format
format: $(READY) ## Format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: generate
generate: $(READY) ## Write crds/ and the generated docs from the models
	$(BIN)/python -m modelservice_operator.generate

.PHONY: goldens
goldens: $(READY) ## Write what is rendered into tests/golden, and begin an entry of docs/rendering.md
	$(BIN)/pytest --quiet tests/golden --update-goldens

.PHONY: test
test: $(READY) ## All tests, on a real control plane on loopback (builds it once)
	$(BIN)/pytest

.PHONY: unit
unit: $(READY) ## The tests that need no control plane, with coverage of the pure parts
	$(BIN)/coverage run -m pytest tests/unit tests/golden tests/engines
	$(BIN)/coverage report

.PHONY: test-engines
test-engines: $(READY) ## Compare what is known of the engines' flags with their published packages (400 MB)
	@PYTHONPATH=tests $(BIN)/python -m engines check

.PHONY: engine-flags
engine-flags: $(READY) ## Read the flags of an engine (ENGINE=vllm VERSION=0.33.0; FROM=file TAG=… SOURCE=…)
	@PYTHONPATH=tests $(BIN)/python -m engines write "$(ENGINE)" "$(VERSION)" $(if $(FROM),--from "$(FROM)") $(if $(TAG),--tag "$(TAG)") $(if $(SOURCE),--source "$(SOURCE)")

.PHONY: bench
bench: $(READY) ## Measure the budgets (SIZE=200|1000|10000, ONLY=growth,failover)
	@PYTHONPATH=tests $(BIN)/python -m perf $(if $(SIZE),--size $(SIZE)) $(if $(ONLY),--only $(ONLY))

.PHONY: soak
soak: $(READY) ## All faults in full: FAULT_SECONDS (300) each, SECONDS (600) at random by SEED, REPETITIONS (100)
	SEED=$(SEED) SOAK_SECONDS=$(or $(SECONDS),600) SOAK_REPETITIONS=$(or $(REPETITIONS),100) FAULT_SECONDS=$(or $(FAULT_SECONDS),300) \
	  $(BIN)/pytest tests/cluster/test_soak.py tests/cluster/test_faults.py tests/cluster/test_disasters.py

.PHONY: record-release
record-release: $(READY) ## Record what the operator of COMMIT makes, for the tests of upgrades
	@PYTHONPATH=tests $(BIN)/python -m cluster.record $(COMMIT) $(if $(WITHOUT),--without $(WITHOUT))

.PHONY: demo
demo: $(READY) ## Show the operator at work on a local cluster (KEEP=1 leaves it up, NODE=real runs containers)
	@PYTHONPATH=tests $(BIN)/python -m localcluster demo $(if $(KEEP),--keep) $(if $(NODE),--node $(NODE))

.PHONY: cluster
cluster: $(READY) ## A local cluster to play with, until Ctrl-C (builds it once; NODE=real adds a real node)
	@PYTHONPATH=tests $(BIN)/python -m localcluster up --crds crds $(if $(NODE),--node $(NODE))

.PHONY: node-packages
node-packages: ## Install what a real node needs besides Python, on Debian or Ubuntu, as root
	apt-get update --quiet
	DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends $(NODE_PACKAGES)

.PHONY: krew
krew: $(READY) ## The kubectl plugin for Krew, in dist/krew (VERSION=v1.2.3 URL=https://…, HOMEPAGE=, OUTPUT=)
	@test -n "$(VERSION)" -a -n "$(URL)" || { echo 'Say which version, and where its archives will be: make krew VERSION=v1.2.3 URL=https://downloads.example.com/modelservice' >&2; exit 2; }
	@$(BIN)/python -m krew --version "$(VERSION)" --url "$(URL)" --homepage "$(HOMEPAGE)" --output "$(or $(OUTPUT),dist/krew)"

.PHONY: image
image: ## Build the operator's image as IMAGE=NAME:TAG (BUILDER=docker|podman|buildah, PYTHON_IMAGE=…, SOURCE=URL)
	@BUILDER='$(BUILDER)' PYTHON_IMAGE='$(PYTHON_IMAGE)' SOURCE='$(SOURCE)' image/build.sh '$(IMAGE)'

.PHONY: sbom
sbom: $(READY) ## Write build/sbom.cdx.json: the packages of the image, with versions, hashes and licenses
	@$(BIN)/python -m image.sbom build/sbom.cdx.json
	@echo build/sbom.cdx.json

.PHONY: lock
lock: $(READY) ## Pin the requirements anew
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --output-file requirements/runtime.txt pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --output-file requirements/build.txt requirements/build.in
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --output-file requirements/dev.txt requirements/dev.in
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --output-file requirements/go.txt requirements/go.in

.PHONY: clean
clean: ## Remove what was installed and generated here (not the cached control plane)
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
