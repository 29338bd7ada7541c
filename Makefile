# Everything runs in .venv, which is made when it is first needed.
#
#   make demo    the client at work against the local sandbox (or your organization, with credentials in the environment)
#   make test    all tests
#   make check   format, lint, types, documents and the package itself
#   make fuzz    the sandbox judged by schemathesis, a validator that others wrote
#   make bench   the figures of the README, against the vendor's package in an environment of its own
#   make clean   remove what was made

PYTHON ?= python3
VENV := .venv
# The vendor's packages, as peers: the versions that the definition was made from, or the next ones.
VENDOR := .venv-vendor
VENDOR_JS := .vendor-js
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

PACKAGING := pyproject.toml hatch_build.py
GENERATORS := $(wildcard definition/*.json src/genesyscloud/build/*.py) src/genesyscloud/catalog.py src/genesyscloud/names.py

.PHONY: demo test check fuzz bench clean

demo: $(VENV)/.generated
	@$(BIN)/python examples/demo.py

test: $(VENV)/.dev $(VENV)/.generated $(VENDOR)/.installed $(VENDOR_JS)/.installed
	$(BIN)/python -m pytest

check: $(VENV)/.dev $(VENV)/.generated
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/mypy
	$(BIN)/python tools/check_docs.py
	$(BIN)/python tools/check_package.py

fuzz: $(VENV)/.dev $(VENV)/.generated
	$(BIN)/python tools/fuzz_sandbox.py

bench: $(VENV)/.dev $(VENV)/.generated $(VENDOR)/.installed
	$(BIN)/python -m benchmarks.run $(VENDOR)/bin/python

clean:
	rm -rf $(VENV) $(VENDOR) $(VENDOR_JS) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf src/genesyscloud/_generated src/genesyscloud/_api src/genesyscloud/_models
	rm -f src/genesyscloud/groups.pyi src/genesyscloud/models.pyi
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# The demo needs little and is to be quick; the tools for development come on top.
$(VENV)/.runtime: $(PACKAGING) | $(BIN)/python
	$(PIP) --editable '.[async,sandbox]'
	@touch $@

$(VENV)/.dev: $(PACKAGING) | $(BIN)/python
	$(PIP) --editable '.[dev]'
	@touch $(VENV)/.runtime $@

# Installing makes the generated files; later changes of their sources make them again.
$(VENV)/.generated: $(GENERATORS) | $(VENV)/.runtime
	@$(BIN)/python -m genesyscloud.build
	@touch $@

$(VENDOR)/.installed:
	$(PYTHON) -m venv $(VENDOR)
	$(VENDOR)/bin/python -m pip install --quiet --disable-pip-version-check PureCloudPlatformClientV2==269.0.0
	@touch $@

# Without npm, the tests that need it say that they were skipped.
$(VENDOR_JS)/.installed:
	@mkdir -p $(VENDOR_JS)
	if command -v npm > /dev/null; then \
	    npm install --silent --no-audit --no-fund --prefix $(VENDOR_JS) purecloud-platform-client-v2@262.0.0; fi
	@touch $@
