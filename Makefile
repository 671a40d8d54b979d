# Two commands for users: 'make digest' and 'make test'. Each makes its own virtual environment
# when it is missing; PYTHON chooses the interpreter.
PYTHON ?= python3
PIP = bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SOURCES = setup.cfg pyproject.toml constraints.txt

.PHONY: digest test clean

digest: .venv/.made
	.venv/bin/toolkit digest seeds --model demo --all
	@echo "Your digest: outputs/latest/digest.html"

.venv/.made: $(SOURCES)
	$(PYTHON) -m venv .venv
	.venv/$(PIP) --editable .
	@touch $@

# The tests run against the installed package, prompts and templates included, never against the
# source tree: hence an environment of their own, and the package built anew each time.
test: .venv-test/.made
	sh tests/chromium.sh
	sh tests/apertium.sh
	rm -rf build
	.venv-test/$(PIP) --no-deps --force-reinstall .
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/mypy
	.venv-test/bin/python -P -m pytest --numprocesses 2 --dist worksteal

.venv-test/.made: $(SOURCES)
	$(PYTHON) -m venv .venv-test
	.venv-test/$(PIP) '.[test]'
	@touch $@

clean:
	rm -rf .venv .venv-test build *.egg-info
