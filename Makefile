# `make` alone lists what there is. Everything lives in .venv and _build; nothing else is touched.
PYTHON ?= python3
PIP_ARGS ?=
BIN := .venv/bin
INSTALLED := .venv/.installed
BOOK := _build/html/index.html
LITE := .venv-lite
# One thread adds sums in one order: the notebooks print the same digits at every run.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
export JUPYTER_PLATFORM_DIRS = 1
export PYDEVD_DISABLE_FILE_VALIDATION = 1
# Modules and tests are compiled once, not in every process.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help alone lite widgets engine-tests book test lint unit notebook-tests browser-tests notebooks lab serve links bench browser clean stills test-fast test-slow lab-tests reader-tests seeds bare mutants pdf

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(INSTALLED): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -r requirements.txt
	touch $@

book: $(INSTALLED)  ## Build the book, and say which file to open
	$(BIN)/jupyter-book build . -W -n --keep-going
	@echo "Open file://$(CURDIR)/$(BOOK)"

pdf: $(INSTALLED) browser  ## Print the book into _build/pdf/book.pdf
	$(BIN)/jupyter-book build . --builder pdfhtml -W -n --keep-going

ENGINE := lib/large_models/widgets/engine
# The tests of a file stay together, for what they share.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile
STAGES := lint unit notebook-tests browser-tests

# Lint takes one core for a minute: the unit tests run beside it.
test: $(INSTALLED)  ## Run every test: lint, unit tests, all notebooks, the built book
	@failed=; for stages in "-j 2 lint unit" notebook-tests browser-tests; do \
	  $(MAKE) --no-print-directory --keep-going $$stages || failed="$$failed $${stages#-j 2 }"; \
	done; \
	if [ -n "$$failed" ]; then echo "Failed:$$failed"; exit 1; fi; echo "Passed: $(STAGES)"

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	cd $(ENGINE) && $(CURDIR)/$(BIN)/deno lint --quiet && $(CURDIR)/$(BIN)/deno fmt --check --quiet \
	  && $(CURDIR)/$(BIN)/deno check --no-remote --quiet mod.js

engine-tests: $(INSTALLED)  ## Test the page's arithmetic, in Deno (no browser, no network)
	$(PYTEST) tests/js tests/engines

unit: $(INSTALLED) browser
	$(PYTEST) tests $(addprefix --ignore=tests/,alone browser lab other_browsers)

# What takes long: training, installing, running a notebook.
SLOW := alone browser lab other_browsers experiments training test_package.py test_imports.py test_notebooks.py
test-fast: $(INSTALLED)  ## Test what needs no browser, no notebook and no training (a minute)
	HYPOTHESIS_PROFILE=fast $(PYTEST) -m "not heavy" tests $(addprefix --ignore=tests/,$(SLOW))

# In the book's order: sorted by the number of their cells, the longest notebook would come last.
notebook-tests: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --nbval --nbval-current-env --nbval-sanitize-with=book/nbval.cfg chapters

browser-tests: $(INSTALLED) browser
	$(PYTEST) -m "not slow" tests/browser

browser: $(INSTALLED)
	$(BIN)/python tests/chromium.py
	$(BIN)/python tests/pyodide.py

notebooks: $(INSTALLED)  ## Run every notebook again and keep its outputs, ready to commit
	$(BIN)/python book/notebooks.py

# JupyterLab itself, without its questions about news and updates (book/lab).
# An edited widget is bundled anew and starts again.
lab: $(INSTALLED)  ## Open the notebooks in JupyterLab
	LARGE_MODELS_WATCH=1 JUPYTER_CONFIG_PATH=$(CURDIR)/book/lab $(BIN)/jupyter lab --ServerApp.root_dir=$(CURDIR) \
	  $(if $(filter 0,$(shell id -u)),--allow-root)

widgets: $(INSTALLED)  ## Bundle the JavaScript and the styles of the widgets that were edited
	$(BIN)/python -m large_models.widgets.bundle
	$(BIN)/python book/run/bundle.py

stills: $(INSTALLED) browser  ## Draw anew the pictures that stand for widgets in notebooks that have not run
	$(BIN)/python book/stills.py

# A server, a browser and a kernel at once: what failed is tried a second time, and no third.
lab-tests: $(INSTALLED) $(LITE)/.installed browser
	$(BIN)/python -m pytest tests/lab || $(BIN)/python -m pytest tests/lab --last-failed

# Not the cache of `lab-tests`, which may run at the same time.
reader-tests: $(INSTALLED) browser
	$(BIN)/python -m pytest -p no:cacheprovider -rs tests/other_browsers
	$(BIN)/python -m pytest -p no:cacheprovider -m slow tests/browser
	$(BIN)/python -m pytest -p no:cacheprovider tests/alone -k "not ($(LONG))"

# Chapters whose cells train for minutes, one after the other.
LONG := 1_2 or 1_background or 2_concepts or 3_2 or 5_1
alone: $(INSTALLED)  ## Run every chapter without PyTorch, and each cell after only what it needs (half an hour)
	$(BIN)/python -m pytest tests/alone

test-slow: $(INSTALLED) browser  ## Every notebook in a real JupyterLab, every page in other forms, browsers and hosts (a quarter of an hour)
	$(MAKE) --no-print-directory --keep-going -j 2 lab-tests reader-tests

$(LITE)/.installed: book/lite/requirements.txt book/lite/wheels.txt
	$(PYTHON) -m venv $(LITE)
	$(LITE)/bin/python -m pip install --quiet $(PIP_ARGS) -r $<
	$(LITE)/bin/python -m pip download --quiet --no-deps --only-binary :all: --platform any --dest $(LITE)/wheels -r book/lite/wheels.txt
	touch $@

# Before the book: a page names JupyterLite if it is there.
lite: $(INSTALLED) $(LITE)/.installed  ## Build the book with JupyterLite beside it; `make serve` shows both
	$(LITE)/bin/python book/lite/build.py _build/html/lite
	$(MAKE) --no-print-directory book

serve: book  ## Build the book and serve it on this machine, as a web host would
	@$(BIN)/python book/serve.py

links: book  ## Check the book's links: inside always, outside when there is a network
	$(BIN)/python book/links.py

seeds: $(INSTALLED)  ## Run every notebook with five other seeds: what it asserts has to hold (an hour)
	$(BIN)/python book/seeds.py

mutants: $(INSTALLED) browser  ## Break the library on purpose, and see whether a test notices (hours)
	$(BIN)/python -m tests.mutants

bare:  ## Run the two commands in a Debian that has nothing else (as root, needs debootstrap)
	bash tests/bare.sh

bench: book browser  ## Measure speed: NumPy against torch, the page and its widgets
	$(BIN)/python -m tests.bench

clean:  ## Remove what was built (keeps .venv)
	rm -rf _build
