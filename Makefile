# Each target makes what it needs; a second run does no set-up work.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start many processes of ours: each of them would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run demo test check lint types contracts fast everything eval bench bench-quick bench-idle bench-schedules bench-delegations chaos soak pictures lock clean
.DELETE_ON_ERROR:

run: $(VENV)/.run
	@exec $(BIN)/flowmate up

# An incident from a feed to a mail and a digest, about half a minute, without keys. DEMO=--yes asks nothing.
demo: $(VENV)/.dev
	@$(BIN)/python -m tests.demo $(DEMO)

# The type checker keeps one core busy; the tests wait a lot, so that three processes of them keep two cores at work.
test: $(VENV)/.dev
	@$(MAKE) --no-print-directory -j2 lint types contracts everything

check: $(VENV)/.dev
	@$(MAKE) --no-print-directory -j2 lint types contracts fast

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

fast: $(VENV)/.dev
	$(BIN)/pytest -q -n 3 --dist worksteal -m "not slow"

everything: $(VENV)/.dev
	$(BIN)/pytest -q -n 3 --dist worksteal

eval: $(VENV)/.dev
	$(BIN)/python -m benchmarks.evaluate

bench-idle: $(VENV)/.dev
	$(BIN)/python -m benchmarks.idle

bench-schedules: $(VENV)/.dev
	$(BIN)/python -m benchmarks.schedules_burst

# FlowMate beside what one would write instead, about half an hour. PEERS="--quick", PEERS="--only flowmate-sqlite bullmq"
bench-delegations: $(VENV)/.dev
	$(BIN)/python -m benchmarks.delegations $(PEERS)

# Every measurement, about an hour; the others' libraries are installed into build/ at the first run. BENCH="--only path"
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(BENCH)

bench-quick: $(VENV)/.dev
	$(BIN)/python -m benchmarks --quick $(BENCH)

# Processes killed and halted, Redis emptied, answers lost; both databases, about half an hour. CHAOS="--share 0.1 --seed 7"
chaos: $(VENV)/.dev
	$(BIN)/python -m tests.chaos $(CHAOS)

# Half an hour of five questions a second: what grows that should not.
soak: $(VENV)/.dev
	$(BIN)/python -m tests.chaos.soak $(SOAK)

# The pictures that the README shows, made by the tests of the page.
pictures: $(VENV)/.dev
	rm -rf build/pictures && mkdir -p build/pictures docs/pictures
	FLOWMATE_PICTURES=$(CURDIR)/build/pictures $(BIN)/pytest -q tests/integration/test_page_browser.py -k "state or digest"
	cd build/pictures && cp page-desktop-light-answer.png page-phone-dark-proposal.png digest.png $(CURDIR)/docs/pictures

# The lock files carry hashes and no addresses; the first is what `make run` installs.
lock: $(VENV)/.dev
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --extra build -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --extra build --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "FlowMate needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock | $(BIN)/python
	@echo "Installing FlowMate into $(VENV) (once)"
	$(BIN)/pip install -q --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

# uv takes a fraction of pip's time, and checks the same hashes. It knows nothing of pip's configuration: it is told the
# index, and where it can't install all the same, pip does.
$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	@echo "Installing FlowMate and what its tests need into $(VENV) (once)"
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.lock > $(VENV)/uv.lock
	$(BIN)/pip install -q --require-hashes --no-deps -r $(VENV)/uv.lock
	@index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(BIN)/pip config get global.index-url 2>/dev/null || true)}}"; \
	[ -z "$$index" ] || export UV_DEFAULT_INDEX="$$index"; \
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock || \
	    { echo "uv can't install here; pip does"; $(BIN)/pip install -q --require-hashes -r requirements-dev.lock; }
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
