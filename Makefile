# The README's commands. The first one that you run creates .venv with pinned dependencies.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Where pip gets torch. Empty: on Linux PyTorch's CPU index if it can be reached, otherwise pip's own index.
TORCH_INDEX ?=
# The settings that the AWS stack is built from.
CONFIG ?= config.toml
# Pinned: `latest` on the npm registry is a broken 3.0.0.
CDK := npx --yes aws-cdk@2.1148.1 --app "$(BIN)/python -m deploy.aws --config $(CONFIG)" --output build/cdk
# More options for `podman build`, such as mounted certificates or a folder of wheels.
IMAGE_FLAGS ?=

.PHONY: help setup demo sandbox test test-thorough lint check chaos mutations access bench screenshots image-test lock sbom setup-aws template deploy destroy clean

help:
	@echo "make demo         play a scene in the sandbox and print it as it happens; about a minute"
	@echo "make sandbox      start the sandbox with its page; runs until Ctrl-C"
	@echo "make test         run all tests but the exhaustive ones"
	@echo "make test-thorough run every test: also each cut, race and order, with more generated examples; for the night"
	@echo "make lint         run ruff and mypy --strict"
	@echo "make check        run make lint and the fast tests; use it before each commit"
	@echo "make chaos        kill the bot 1,000 times, inject HTTP faults, log a million lines; ARGS=\"--kills 50\" and others"
	@echo "make mutations    remove one protection against loss or duplication at a time; some test must fail for each"
	@echo "make access       print the permission matrix, then send 50,000 generated inputs as six kinds of people; ARGS=\"--seed 2\""
	@echo "make bench        run the benchmarks behind the figures in the README"
	@echo "make screenshots  renew docs/*.png with headless Chromium"
	@echo "make image-test   build both images with podman on Debian's packages, run jobs in one and the bot in the other"
	@echo "make lock         renew the images' lock files, with hashes, from constraints.txt"
	@echo "make sbom         write the images' bills of materials (CycloneDX) to build/"
	@echo "make setup-aws    add what deploy and template need: the CDK (630 MB); Node.js must be installed"
	@echo "make deploy       create or update the AWS stack from config.toml with the CDK"
	@echo "make destroy      delete the AWS stack; asks before deleting data"
	@echo "make template     renew deploy/aws/template.json and template-cpu.json from config.example.toml"

.venv/.ready: pyproject.toml constraints.txt
	@echo "Setting up .venv (once; a few minutes and about 2 GB)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Signalbox needs Python 3.11 or newer, and this is $$($(PYTHON) --version). Choose another: make PYTHON=python3.12 demo"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "  1/3 torch"
	@pin=$$(grep '^torch==' constraints.txt); index='$(TORCH_INDEX)'; \
	  test -n "$$index" || index=$$($(PYTHON) deploy/torch_index.py "$$pin"); \
	  $(PIP) $${index:+--index-url "$$index"} "$$pin"
	@echo "  2/3 everything else, at the versions in constraints.txt"
	@$(PIP) -c constraints.txt setuptools
	@echo "  3/3 signalbox"
	@$(PIP) -c constraints.txt -e '.[dev]'
	@touch $@

setup: .venv/.ready

demo: setup
	@$(BIN)/python -m deploy.sandbox.demo

sandbox: setup
	@$(BIN)/python -m deploy.sandbox

test: setup
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not exhaustive"

test-thorough: setup
	@$(BIN)/python -m pytest -n 2 --dist worksteal --hypothesis-profile=thorough

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

check: lint
	@$(BIN)/python -m pytest -q -n 2 -m "not slow and not exhaustive"

chaos: setup
	@$(BIN)/python -m deploy.sandbox.chaos $(ARGS)

mutations: setup
	@$(BIN)/python -m tests.faults.mutations $(ARGS)

access: setup
	@$(BIN)/python -m tests.access.matrix
	@$(BIN)/python -m tests.access.hostile $(ARGS)

bench: setup
	@$(BIN)/python -m bench

screenshots: setup
	@$(BIN)/python -m deploy.sandbox.screenshots
	@$(BIN)/python -m deploy.sandbox.money_pictures

build/base.tar:
	@mkdir -p build
	mmdebstrap --variant=minbase --include=python3,python3-venv,git,git-lfs,tini,ca-certificates bookworm $@

BUILD = --network=host --build-arg BASE_IMAGE=localhost/signalbox-base $(IMAGE_FLAGS)
TORCH_GIVEN = $(if $(filter command environment,$(firstword $(origin TORCH_INDEX))),--build-arg TORCH_INDEX=$(TORCH_INDEX))

# Inside a container or a small virtual machine, run CONTAINERS_CONF=$(CURDIR)/deploy/image/containers.conf make image-test.
# An empty TORCH_INDEX is pip's own index: make image-test TORCH_INDEX=
image-test: setup build/base.tar
	podman import --quiet build/base.tar localhost/signalbox-base
	podman build --target trainer $(BUILD) $(TORCH_GIVEN) --tag localhost/signalbox-trainer .
	podman build --target bot $(BUILD) --tag localhost/signalbox-bot .
	SIGNALBOX_TRAINER_IMAGE=localhost/signalbox-trainer SIGNALBOX_BOT_IMAGE=localhost/signalbox-bot \
	  $(BIN)/python -m pytest tests/image

build/tools/.ready: Makefile
	@$(PYTHON) -m venv build/tools
	@build/tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9 cyclonedx-bom==7.5.0
	@touch $@

LOCK := build/tools/bin/uv pip compile --quiet --constraints constraints.txt --generate-hashes --universal --no-header \
  --no-annotate --python-version 3.11

lock: build/tools/.ready
	@$(LOCK) pyproject.toml --output-file deploy/image/bot.lock
	@$(LOCK) deploy/image/trainer.in --output-file deploy/image/trainer.lock

# torch comes from PyTorch's own index, which has other files than pip's: it is pinned by version, without a hash.
sbom: build/tools/.ready
	@grep '^torch==' constraints.txt | cat deploy/image/trainer.lock - > build/trainer.txt
	@build/tools/bin/cyclonedx-py requirements --output-reproducible -o build/bot.cdx.json deploy/image/bot.lock
	@build/tools/bin/cyclonedx-py requirements --output-reproducible -o build/trainer.cdx.json build/trainer.txt
	@echo "build/bot.cdx.json and build/trainer.cdx.json: the Python packages of the images"

.venv/.ready-aws: .venv/.ready
	@node --version >/dev/null || { echo "The AWS CDK needs Node.js: https://nodejs.org"; exit 1; }
	@echo "Adding the AWS CDK to .venv (once; about half a minute and 630 MB)"
	@$(PIP) -c constraints.txt -e '.[aws]'
	@touch $@

setup-aws: .venv/.ready-aws

template: setup-aws
	@$(BIN)/python -m deploy.aws --config config.example.toml --template deploy/aws/template.json
	@mkdir -p build
	@sed -e 's/^# \[deploy.jobs.mnist\]/[deploy.jobs.mnist]/' -e 's/^# queue = "spot"/queue = "cpu"/' \
	  -e 's/^# gpus = 1/gpus = 0/' config.example.toml > build/cpu.toml
	@$(BIN)/python -m deploy.aws --config build/cpu.toml --template deploy/aws/template-cpu.json

deploy: setup-aws
	@$(CDK) deploy

destroy: setup
	@$(BIN)/python -m deploy.aws.down --config $(CONFIG)

clean:
	rm -rf .venv sandbox-out build *.egg-info .mypy_cache .ruff_cache .pytest_cache
