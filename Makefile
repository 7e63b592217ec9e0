# The README's commands. Each sets itself up: a virtual environment with pinned dependencies, made once.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Where pip looks for torch. PyTorch's CPU index saves gigabytes on Linux: see the README.
TORCH_INDEX ?=
# What the stack in AWS is built by.
CONFIG ?= config.toml
# The registry's newest is a broken 3.0.0.
CDK := npx --yes aws-cdk@2.1148.1 --app "$(BIN)/python -m deploy.aws --config $(CONFIG)" --output build/cdk
# What `podman build` needs here: mounted certificates, a folder of wheels.
IMAGE_FLAGS ?=

.PHONY: help setup demo sandbox test lint check chaos mutations bench screenshots image-test setup-aws template deploy destroy clean

help:
	@echo "make demo         a scene in the sandbox, printed as it happens; about a minute"
	@echo "make sandbox      the sandbox with its page; stays until Ctrl-C"
	@echo "make test         every test"
	@echo "make lint         ruff and mypy --strict"
	@echo "make check        make lint and the fast tests: run it before a commit"
	@echo "make chaos        the bot killed 1,000 times, faults over HTTP, a million log lines; ARGS=\"--kills 50\" and the like"
	@echo "make mutations    takes out one protection against loss and doubling at a time: a test must notice each"
	@echo "make bench        the benchmarks whose figures the README gives"
	@echo "make screenshots  docs/*.png, by headless Chromium"
	@echo "make image-test   builds the trainer's image with podman on Debian's packages, and runs jobs in it"
	@echo "make setup-aws    what deploy and template need beside the rest: the CDK, 630 MB, and Node.js"
	@echo "make deploy       builds, or changes, the stack of config.toml in your AWS account"
	@echo "make destroy      takes it down; asks before data"
	@echo "make template     deploy/aws/template.json, of config.example.toml"

.venv/.ready: pyproject.toml constraints.txt
	@echo "Setting up .venv (once; about a minute and 1.5 GB)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, this is $$($(PYTHON) --version). Name another: make PYTHON=python3.12 demo"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "  1/3 torch"
	@$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $$(grep '^torch==' constraints.txt)
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
	@$(BIN)/python -m pytest -n 2 --dist worksteal

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

bench: setup
	@$(BIN)/python -m bench

screenshots: setup
	@$(BIN)/python -m deploy.sandbox.screenshots

build/base.tar:
	@mkdir -p build
	mmdebstrap --variant=minbase --include=python3,python3-venv,git,tini,ca-certificates bookworm $@

# Inside a container or a small virtual machine: CONTAINERS_CONF=$(CURDIR)/deploy/image/containers.conf make image-test
image-test: setup build/base.tar
	podman import --quiet build/base.tar localhost/signalbox-base
	podman build --target trainer --network=host --build-arg BASE_IMAGE=localhost/signalbox-base \
	  $(if $(TORCH_INDEX),--build-arg TORCH_INDEX=$(TORCH_INDEX)) $(IMAGE_FLAGS) --tag localhost/signalbox-trainer .
	SIGNALBOX_TRAINER_IMAGE=localhost/signalbox-trainer $(BIN)/python -m pytest tests/image

.venv/.ready-aws: .venv/.ready
	@node --version >/dev/null || { echo "The AWS CDK needs node: https://nodejs.org"; exit 1; }
	@echo "Adding the AWS CDK to .venv (once; about half a minute and 630 MB)"
	@$(PIP) -c constraints.txt -e '.[aws]'
	@touch $@

setup-aws: .venv/.ready-aws

template: setup-aws
	@$(BIN)/python -m deploy.aws --config config.example.toml --template deploy/aws/template.json

deploy: setup-aws
	@$(CDK) deploy

destroy: setup
	@$(BIN)/python -m deploy.aws.down --config $(CONFIG)

clean:
	rm -rf .venv sandbox-out build *.egg-info .mypy_cache .ruff_cache .pytest_cache
