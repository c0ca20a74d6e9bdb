# Everything runs in .venv with the locked versions. Needs only Python 3.11 or later and make:
# uv is fetched into .venv when it is not on the PATH.
PYTHON ?= python3
export UV_SYSTEM_CERTS ?= 1
UV := $(or $(shell command -v uv),.venv/bin/uv)

.PHONY: demo test lint format docs crash bench conformance audit clean

demo: .venv/ready
	.venv/bin/handbill demo

test: .venv/ready
	.venv/bin/pytest

lint: .venv/ready
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

format: .venv/ready
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

docs: .venv/ready
	.venv/bin/python -m handbill.contract.compatibility > docs/reference/compatibility.md
	.venv/bin/python -m tests.workspace.liquid.page > docs/reference/liquid.md
	.venv/bin/python -m handbill.tools.reference > docs/reference/tools.md

crash: .venv/ready
	.venv/bin/pytest -m crash tests/crash

bench: .venv/ready
	.venv/bin/python -m benchmarks

conformance: .venv/ready .conformance/ready
	.venv/bin/pytest -n 0 -m conformance tests

# Asks osv.dev for known vulnerabilities of what is locked.
audit: .venv/ready
	$(UV) audit --frozen

# Other people's tools, with the Node that comes as a wheel.
.conformance/ready: tests/conformance/package.json
	mkdir -p .conformance && cp $< .conformance/
	cd .conformance && PATH="$(CURDIR)/.venv/bin:$$PATH" npm install --no-audit --no-fund --silent
	touch $@

.venv/ready: pyproject.toml uv.lock
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	test -x "$(UV)" || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(UV) sync --quiet --frozen --inexact
	touch $@

clean:
	rm -rf .venv .conformance .mypy_cache .pytest_cache .ruff_cache .hypothesis
