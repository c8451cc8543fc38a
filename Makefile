# Two commands matter: `make run` starts everything for real, `make test` proves it. Only Python 3.11+ with pip is needed.
PYTHON ?= python3
PORT ?= 8080
STATE ?= .state
PARALLEL ?= --numprocesses=3 --dist=loadfile --no-loadscope-reorder
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

# Keep compiled modules, whatever the environment says: a run of all tests starts hundreds of Python processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
# Every target of the list is a command, also where a folder has its name (bench/, accuracy/, ui/).
.PHONY: $(shell sed -nE 's/^([a-z0-9-]+):.*## .*/\1/p' $(MAKEFILE_LIST))

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 24

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "faplog needs Python 3.11 or newer; name one: PYTHON=python3.12")'
	$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.laptop: requirements/laptop.txt | $(BIN)/python
	$(PIP) -r requirements/laptop.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(BIN)/python
	$(PIP) -r requirements/dev.txt
	@touch $@ $(VENV)/.laptop

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.dev
	$(PIP) -r requirements/fuzz.txt
	@touch $@

UI := ui/static/vendor/icons.svg ui/sample/log.json

ui/static/vendor/icons.svg: ui/package-lock.json ui/vendor.mjs ui/icons.txt | $(VENV)/.laptop
	cd ui && PATH="$(abspath $(BIN)):$$PATH" npm ci --loglevel=error && "$(abspath $(BIN))/node" vendor.mjs

ui/sample/log.json: ui/make_sample.py faplog/contracts/analysis.py | $(VENV)/.laptop
	$(BIN)/python -m ui.make_sample

ui: $(UI) ## build the assets of the pages: npm packages into ui/static/vendor, the sample report into ui/sample

messages: $(VENV)/.dev ## bring the translations' catalogs in line with the texts of the UI
	$(BIN)/python -m ui.messages

run: $(VENV)/.laptop $(UI) ## start everything on this machine and print the address (PORT=8080 STATE=.state)
	@exec $(BIN)/python -m standalone --port $(PORT) --state "$(STATE)"

demo: $(VENV)/.laptop ## upload a month of synthetic drives to a demo account of the running system
	@$(BIN)/python -m standalone.demo --state "$(STATE)" $(ARGS)

admin: $(VENV)/.laptop ## manage accounts of the running system (ARGS="reset-password you@example.org"; ARGS=--help lists the commands)
	@$(BIN)/python -m standalone.admin --state "$(STATE)" $(ARGS)

reset: $(VENV)/.laptop ## remove all accounts, logs, analyses and credentials (ARGS=--yes does not ask)
	@$(BIN)/python -m standalone.reset --state "$(STATE)" $(ARGS)

backup: $(VENV)/.laptop ## back up the running system's accounts and logs (TO=backups)
	@$(BIN)/python -m infra.backup create "$(or $(TO),backups)" --state "$(STATE)"

restore: $(VENV)/.laptop ## restore a backup into the running system (FROM=backups; REPLACE=yes replaces existing data)
	@$(BIN)/python -m infra.backup restore "$(or $(FROM),backups)" --state "$(STATE)" $(if $(filter yes,$(REPLACE)),--replace)

check: $(VENV)/.dev ## check formatting, lint, types, published schemas and the cluster's manifests (KUBECTL=path of a second kubectl to build with)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m faplog.contracts.schema --check
	$(BIN)/python -m infra.check $(addprefix --kubectl=,$(KUBECTL))

format: $(VENV)/.dev ## format the code and update the published schemas
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m faplog.contracts.schema

test: $(VENV)/.dev $(UI) ## run every test, against the real servers and in a real browser
	@tests/browser/get_chromium.sh chromium-headless-shell
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

coverage: $(VENV)/.dev $(UI) ## run every test and measure line and branch coverage, at least 90 %
	@tests/browser/get_chromium.sh chromium-headless-shell
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PARALLEL) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(VENV)/.dev $(UI) ## measure performance and compare with the baseline (ARGS=scale for one section, ARGS=--save-baseline for a new one)
	@tests/browser/get_chromium.sh
	$(BIN)/python -m bench $(ARGS)

cluster-test: $(VENV)/.dev ## prove on the cluster of kubectl's context what the documents promise (PARTS=flow,kill OVERLAY=local ADDRESS=http://… RUNS=3 DISPOSABLE=yes)
	@$(if $(PARTS),$(if $(findstring pages,$(PARTS)),tests/browser/get_chromium.sh),tests/browser/get_chromium.sh)
	@$(BIN)/python -m infra.cluster_test --environment $(or $(OVERLAY),local) $(if $(ADDRESS),--address $(ADDRESS)) \
	    $(if $(PARTS),--parts $(PARTS)) $(if $(RUNS),--runs $(RUNS)) $(if $(filter yes,$(DISPOSABLE)),--disposable) $(ARGS)

accuracy: $(VENV)/.dev ## measure the accuracy of the verdict with faults in 200 synthetic cars; writes docs/accuracy.md (ARGS=--cars=20, ARGS=--only=forecast)
	$(BIN)/python -m accuracy $(ARGS)

chaos: $(VENV)/.dev $(UI) ## run the long fault tests: every part killed, hung or answering wrong under 200 uploads (about 20 minutes)
	$(BIN)/python -m pytest -m chaos tests/chaos $(ARGS)

fuzz: $(VENV)/.fuzz ## send random wrong input to every interface; findings go to build/fuzz (SECONDS=600, TARGETS="log zip")
	@status=0; seconds=$(or $(SECONDS),600); \
	$(BIN)/python -m tests.fuzz --seconds $$((seconds - seconds / 4)) $(TARGETS) || status=1; \
	HYPOTHESIS_PROFILE=default FUZZ_SECONDS=$$((seconds / 8)) \
	    $(BIN)/python -m pytest tests/integration/test_schemathesis.py tests/fuzz/test_results.py $(ARGS) || status=1; \
	exit $$status

mutants: $(VENV)/.dev ## run mutation tests of the two cores (ARGS="regen log" for modules; over an hour)
	$(BIN)/python -m tests.mutants $(ARGS)

render: $(VENV)/.dev ## write the manifests from stack.yml and the release number (`make check` fails if they are out of date)
	$(BIN)/python -m infra.render

images: ui/sample/log.json ## build the six images with docker and faas-cli (REGISTRY=ghcr.io/faplog, TAG=the release; push with PUSH=yes, for several PLATFORMS)
	infra/images.sh

k3d: ## make a k3d cluster with the images of `make images`, for `infra/install.sh local` and `make cluster-test`
	infra/k3d.sh

wheel: $(VENV)/.dev $(UI) ## build the package into dist/: `pip install dist/faplog-*.whl` gives the command faplog
	$(BIN)/uv build --quiet --wheel --no-build-isolation --out-dir dist

screenshots: $(VENV)/.dev $(UI) ## take screenshots of every page on desktop, phone and in dark mode, into screenshots/
	@tests/browser/get_chromium.sh
	$(BIN)/python -m tests.browser.screenshots

lock: $(VENV)/.dev ## resolve requirements/*.in into hash-locked *.txt (ARGS=--upgrade for newer versions)
	requirements/lock.sh $(ARGS)

clean: ## remove the virtual environment and build results, but not the state
	rm -rf $(VENV) build dist ui/static/vendor node_modules
