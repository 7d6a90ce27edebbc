# The commands of the README. CI calls the same ones; see .ci/run.
#
#   make install     the virtual environment of the other commands, which install it as well
#   make demo        train on the phrasebook, export, translate three sentences
#   make model       train the model that exported/ holds: make model DATA=data/fra-eng.zip
#   make test        lint, types, tests
#   make test-slow   hundreds of kills and long fuzzing, of which the tests have short versions
#   make test-notebook  run docs/tutorial.ipynb and compare its outputs
#   make test-wheel  the run-time tests on the installed wheel, without torch; with another Python or other
#                    versions: make test-wheel PYTHON=python3.13 CONSTRAINTS=constraints-oldest.txt
#   make test-scale  the recipes for many texts: Ray Data, and the container's instructions
#   make test-spark  the recipe for Spark (needs Java)
#   make test-web    the reader for browsers beside Python, in Node and in Chromium (needs all three)
#   make demo-web    the demo page of the reader, on localhost (needs node and npm)
#   make parity      compare the back ends over a whole corpus: make parity DATA=data/fra-eng.zip
#                    (RECIPE=attention: the model with attention)
#   make bench       measure speed and start-up of a run's model: make bench RUN=runs/default
#   make fixture     make tests/fixtures/tiny-3 again
#   make phrasebook  write the built-in pairs with their generator
#   make notebook    run docs/tutorial.ipynb and write its outputs
#
# demo, model, parity and bench write to run folders of their own and replace the results of an earlier call.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WHEEL_VENV ?= .venv-wheel
SCALE_VENV ?= .venv-scale
CONSTRAINTS ?= constraints.txt

RUN ?= runs/demo
OUT ?= runs/demo-exported
DATA ?= data/fra-eng.zip
RECIPE ?= default
PORT ?= 8000

.PHONY: install demo demo-web model test test-slow test-notebook lint test-wheel test-scale test-spark test-web parity bench
.PHONY: fixture phrasebook notebook clean

install: $(STAMP)

demo: $(STAMP)
	$(BIN)/python -m training.fit --run $(RUN) --force --epochs 8
	$(BIN)/python -m s2s_export.export --run $(RUN) --out $(OUT)
	$(BIN)/python -m s2s_export --model $(OUT) \
		"Je suis en retard." "Elle a raison." "Ils sont en train de préparer le dîner."

# The everyday French to English model of exported/; some ninety minutes on one core. The first
# training is with the recipe as it was then; the second one adds noise.
model: $(STAMP)
	$(BIN)/python -m training.fit --recipe sentences --data $(DATA) --held-out 0.04 \
		--label-smoothing 0.1 --learning-rate 2e-3 --number-noise 0 --epochs 10 \
		--run runs/model-first --force
	$(BIN)/python -m training.fit --recipe sentences --data $(DATA) --held-out 0.04 \
		--init-from runs/model-first --label-smoothing 0.1 --learning-rate 8e-4 --epochs 3 \
		--typing-noise 0.2 --number-noise 0.9 --run runs/model --force
	$(BIN)/python -m s2s_export.export --run runs/model --out exported --precision int8 \
		--no-torchscript --attribution "www.manythings.org/anki and tatoeba.org, CC BY 2.0"

# A core for each worker: with more threads than cores, they wait for each other.
test: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal

# The long versions of tests that kill processes or try generated inputs.
test-slow: $(STAMP)
	$(BIN)/pytest -n 2 -m slow

# All cells of docs/tutorial.ipynb, and that their outputs are the committed ones.
test-notebook: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/pytest -m notebook tests/torch_side/docs

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# The wheel with its extras `cpu` and `hub` in an environment of its own: the run time without torch.
test-wheel:
	rm -rf $(WHEEL_VENV) dist
	$(PYTHON) -m venv $(WHEEL_VENV)
	$(WHEEL_VENV)/bin/pip wheel --quiet --no-deps --wheel-dir dist .
	$(WHEEL_VENV)/bin/pip install --quiet -c $(CONSTRAINTS) pytest hypothesis "$$(echo dist/*.whl)[cpu,hub]"
	$(WHEEL_VENV)/bin/pip list
	! $(WHEEL_VENV)/bin/python -c "import torch" 2> /dev/null
	$(WHEEL_VENV)/bin/pytest tests/runtime

# The tests that are marked so, in an environment of their own, without torch.
test-scale: PACKAGES = 'ray[data]'
test-spark: PACKAGES = pyspark pandas pyarrow
test-scale test-spark: test-%:
	rm -rf $(SCALE_VENV)
	$(PYTHON) -m venv $(SCALE_VENV)
	$(SCALE_VENV)/bin/pip install --quiet -c constraints.txt pytest '.[cpu]' $(PACKAGES)
	$(SCALE_VENV)/bin/pytest -m $* tests/runtime/at_scale

# Python writes what it makes of seeded texts, Node and Chromium compare. No package's install script
# is run, and no browser downloaded: CHROMIUM names one that is not /usr/bin/chromium.
test-web: $(STAMP)
	cd web && npm ci --ignore-scripts --no-audit --no-fund
	cd web && npx tsc
	expected=$$(mktemp -d) && trap 'rm -rf "$$expected"' EXIT \
		&& $(BIN)/python web/test/expected.py cases --out "$$expected" \
		&& cd web && EXPECTED="$$expected" node --test test/*.test.js test/browser/*.test.js

# For this machine alone. The page needs no environment of Python's packages.
demo-web: web/node_modules/onnxruntime-web
	@echo "http://127.0.0.1:$(PORT)/web/demo/ (Ctrl+C ends it)"
	@$(PYTHON) -m http.server $(PORT) --bind 127.0.0.1

web/node_modules/onnxruntime-web: web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

parity: $(STAMP)
	$(BIN)/python -m training.fit --recipe $(RECIPE) --data $(DATA) --held-out 0 --run runs/parity --force
	$(BIN)/python -m benchmarks.parity --data $(DATA) --run runs/parity

bench: $(STAMP)
	$(BIN)/python -m s2s_export.export --run $(RUN) --out runs/bench --precision int8
	$(BIN)/python -m benchmarks.translation --run $(RUN)
	$(BIN)/python -m benchmarks.beams --model runs/bench
	$(BIN)/python -m benchmarks.startup --exported runs/bench

fixture: $(STAMP)
	$(BIN)/python tests/fixtures/make_tiny.py

# The built-in pairs; commit them when the generator or its lexicon has changed.
phrasebook: $(STAMP)
	$(BIN)/python -m phrasebook --write training/data/phrasebook.tsv.gz

# The outputs of the tutorial's notebook; then read its text again, which quotes them.
notebook: $(STAMP)
	$(BIN)/python tests/torch_side/docs/make_tutorial.py

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --no-compile -c constraints.txt -e '.[dev]'
	touch $(STAMP)

clean:
	rm -rf $(VENV) $(WHEEL_VENV) $(SCALE_VENV) dist runs .mypy_cache .pytest_cache .ruff_cache
