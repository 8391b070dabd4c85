# make demo   set up, then grade a small class end to end       make test    set up, then run the tests
# make check  what CI does, and format, lint, types, contracts  make test FAST=1  only the tests that take a moment
# make calibrate  measure the scored checks again (slow)        make test ARGS="-k name"  arguments for pytest
# make coverage  lines of sandbox/ and gradebook/ that their tests run, and of every room that the quick tests run
# make docs   the documentation as a site, in build/site        make pictures  its pictures again (needs Chromium)
PYTHON ?= python3
BIN = .venv/bin
STAMP = .venv/.installed
WORKERS = 3  # on two cores: many tests wait
SPREAD = --dist loadfile --no-loadscope-reorder  # see tests/support/order.py
COMPILED = env -u PYTHONDONTWRITEBYTECODE  # else each process compiles all tests
QUICK = -m "not slow and not cluster and not browser"
ifdef FAST
SELECT = $(QUICK)
endif

.PHONY: demo test check coverage format calibrate verify docs pictures clean
.DELETE_ON_ERROR:

demo: $(STAMP)
	@$(BIN)/python -m autograder.cli.demo $(ARGS)

test: $(STAMP)
	@OMP_NUM_THREADS=1 $(COMPILED) $(BIN)/python -m pytest -n $(WORKERS) $(SPREAD) $(SELECT) $(ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gradlab release --check
	$(MAKE) test

verify: $(STAMP)
	$(BIN)/gradlab verify $(ARGS)

coverage: $(STAMP)  # tests that kill processes may leave a data file that is not complete: combine goes on
	@mkdir -p build/coverage && rm -f build/coverage/data*
	-@OMP_NUM_THREADS=1 $(BIN)/python -m coverage run -m pytest -q -n $(WORKERS) $(SPREAD) tests/sandbox tests/gradebook $(ARGS)
	-@$(BIN)/python -m coverage combine -q
	@$(BIN)/python -m coverage report --show-missing --skip-covered --include "autograder/sandbox/*,autograder/gradebook/*"
	-@OMP_NUM_THREADS=1 $(BIN)/python -m coverage run -m pytest -q -n $(WORKERS) $(SPREAD) $(QUICK) $(ARGS) \
	  --ignore tests/sandbox --ignore tests/gradebook --ignore tests/course --ignore tests/attacks \
	  --ignore tests/cli/test_signals.py  # coverage.py answers signals itself
	-@$(BIN)/python -m coverage combine -q --append
	@$(BIN)/python -m tests.support.coverage_by_room

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

calibrate: $(STAMP)
	$(BIN)/gradlab calibrate $(ARGS)

docs: $(STAMP)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Open build/site/index.html in a browser."

pictures: $(STAMP)
	@$(BIN)/python -m tools.site.pictures

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "gradlab needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
	  { rm -rf .venv; echo "No virtual environment could be made. On Debian or Ubuntu, install python3-venv first."; exit 2; }
	@echo "installing into .venv (once; a few minutes where torch must be downloaded)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[course,staff,dev]'
	@touch $@

clean:
	rm -rf .venv demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
