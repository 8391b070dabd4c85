# make demo   set up, then grade a small class end to end       make test    set up, then run the tests
# make check  what CI does, and format, lint, types, contracts  make calibrate  measure the scored checks again (slow)
PYTHON ?= python3
BIN = .venv/bin
STAMP = .venv/.installed

.PHONY: demo test check format calibrate verify bench clean
.DELETE_ON_ERROR:

demo: $(STAMP)
	@$(BIN)/python -m autograder.cli.demo

test: $(STAMP)
	@$(BIN)/python -m pytest $(ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gradlab release --check
	$(BIN)/python -m pytest $(ARGS)

verify: $(STAMP)
	$(BIN)/gradlab verify $(ARGS)

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

calibrate: $(STAMP)
	$(BIN)/gradlab calibrate $(ARGS)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "gradlab needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv (once; a few minutes where torch must be downloaded)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[staff,dev]'
	@touch $@

clean:
	rm -rf .venv demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
