# Every target sets up .venv by itself, and uses the one that is there.
PYTHON ?= python3
BIN := .venv/bin
# Python compiles what is imported, and keeps it; all files of torch and the others take
# pip a minute.
unexport PYTHONDONTWRITEBYTECODE
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile

.PHONY: install demo test test-oldest lint doc dist examples bench clean

install: .venv/.installed

.venv/.installed: setup.py constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python $(PIP_INSTALL) -c constraints.txt -e '.[plot,test]'
	touch $@

.venv/.doc-installed: .venv/.installed
	$(BIN)/python $(PIP_INSTALL) -c constraints.txt -e '.[doc]'
	touch $@

demo: install
	$(BIN)/python examples/demo.py

test: install
	$(BIN)/python -m pytest

# The lower bounds of setup.py, in an environment of their own.
test-oldest: .venv-oldest/.installed
	.venv-oldest/bin/python -m pytest

.venv-oldest/.installed: setup.py constraints-oldest.txt
	test -x .venv-oldest/bin/python || $(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python $(PIP_INSTALL) -c constraints-oldest.txt -e '.[plot,test]'
	touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

doc: .venv/.doc-installed
	$(BIN)/python -m sphinx -W --keep-going -b html doc doc/_build/html

# What is published, as a user gets it: its pages for the index are checked, and the
# wheel goes into an empty environment, where every file of the package has to stand and
# the command to start.
dist: .venv-dist/.installed
	rm -rf build dist
	.venv-dist/bin/python -m build
	.venv-dist/bin/twine check --strict dist/*
	$(PYTHON) -m venv build/empty
	build/empty/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "$$(ls dist/*.whl)[table]"
	files="$$(git ls-files sklearn_lga)" && cd build/empty/lib/python*/site-packages && ls $$files > /dev/null
	cd build && empty/bin/sklearn-lga label --help > /dev/null

.venv-dist/.installed: Makefile
	test -x .venv-dist/bin/python || $(PYTHON) -m venv .venv-dist
	.venv-dist/bin/python $(PIP_INSTALL) build==1.6.1 twine==7.0.0
	touch $@

# Each with its time; without a screen, and on one thread, as the networks are small.
examples: install
	set -e; for example in examples/gallery/plot_*.py; do \
		echo "== $$example"; start=$$(date +%s); \
		OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python $$example; \
		echo "$$(($$(date +%s) - start)) s"; \
	done

bench: install
	$(BIN)/python examples/benchmarks/step.py
	$(BIN)/python examples/benchmarks/fit.py
	$(BIN)/python examples/benchmarks/linear.py
	$(BIN)/python examples/benchmarks/default_fits.py
	$(BIN)/python examples/benchmarks/label_command.py

clean:
	rm -rf .venv .venv-oldest .venv-dist build dist *.egg-info doc/_build doc/generated \
		doc/auto_examples
