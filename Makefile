# make demo       installs, trains on generated phantoms (or DATA=folder), evaluates, segments a DICOM file and a NIfTI volume
# make test       installs, then what must hold after every change
# make test-full  the long runs
# make benchmark  measures speed on this machine, half an hour, and writes the tables of docs/performance.md; IMAGES=folder of real ones
# Variables: PYTHON (3.11 or 3.12), TORCH_INDEX (an index of PyTorch builds, such as its CPU-only one), DATA, NETWORK (a file of configs/networks), OUT

PYTHON ?= python3
TORCH_INDEX ?=
DATA ?=
NETWORK ?= srsnet_small
OUT ?= demo_output
IMAGES ?=

BIN := .venv/bin
INSTALLED := .venv/installed
# one process for each core, each with one thread: threads of several processes hold one another up
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto
# the pinned torch comes first and alone: left to another package's range, pip takes a build with all of CUDA
TORCH := $(shell grep '^torch==' constraints.txt)

.PHONY: install test test-full demo benchmark clean
.DELETE_ON_ERROR:

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet $(TORCH) $(if $(TORCH_INDEX),--index-url "$(TORCH_INDEX)")
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

# tests of one file in one process: they share what takes long to make
test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST) --dist loadscope -m 'not slow and not gpu'

test-full: $(INSTALLED)
	$(PYTEST) -m 'slow and not gpu'

demo: $(INSTALLED)
	$(BIN)/srs-monai demo --output "$(OUT)" --network "$(NETWORK)" $(if $(DATA),--data "$(DATA)")

# alone on the machine; a run that was stopped goes on where it was
benchmark: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[benchmark,onnx,openvino]'
	$(BIN)/python benchmarks/inference.py $(if $(IMAGES),--images "$(IMAGES)")
	$(BIN)/python benchmarks/training_step.py
	$(BIN)/python benchmarks/dpconv_forms.py
	$(BIN)/python benchmarks/study.py
	$(BIN)/python benchmarks/flat_folder.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/page.py

clean:
	rm -rf .venv build *.egg-info
