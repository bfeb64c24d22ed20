# make run | test | lint | bench | endurance | fuzz: each does all the set-up that it needs, the first time (.ci/set-up).
# PYTHON=... chooses the interpreter of the environment, 3.11 or newer.

VENV := .venv
IN_VENV := . $(VENV)/environment && $(VENV)/bin/python
EXAMPLE := $(firstword $(wildcard resources/examples/*3-*.json))
PICTURE := out/$(basename $(notdir $(EXAMPLE))).png

.PHONY: run test lint bench endurance fuzz clean

run: $(VENV)/ready
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	   $(IN_VENV) -m reproviewer; \
	 else \
	   echo "There is no display, so this is an example without a window: $(EXAMPLE)"; \
	   mkdir -p out; rm -f $(PICTURE); $(IN_VENV) -m reproviewer picture $(EXAMPLE) -o $(PICTURE) || test -s $(PICTURE); \
	 fi

test: $(VENV)/ready
	@.ci/test $(VENV)

lint: $(VENV)/ready
	@$(IN_VENV) -m ruff check . && $(IN_VENV) -m ruff format --check . && $(IN_VENV) -m mypy

# None is part of `make test`: the first needs a quiet machine, the others an hour or more. `make fuzz SECONDS=600` gives
# each reader of files ten minutes; atheris guides it where it is installed.
bench: $(VENV)/ready
	@$(IN_VENV) tests/bench

endurance: $(VENV)/ready
	@$(IN_VENV) -m pytest tests/test_endurance.py --endurance

SECONDS := 600
fuzz: $(VENV)/ready
	@$(IN_VENV) tests/fuzz all --seconds $(SECONDS) --out out/fuzz

clean:
	rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache
	find reproviewer tests -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/ready: constraints.txt pyproject.toml .ci/set-up .ci/qt-libraries
	@.ci/set-up $(VENV)
