# Every target does the set-up it needs. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help dev test build lint format bench fuzz deploy clean

SHELL := bash
export CONFIG OUT PREVIOUS FEATURES PORT SECONDS_PER_TARGET

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 9

dev: ## Serve the demo on http://127.0.0.1:8787 (PORT=)
	@scripts/setup.sh
	@scripts/dev.sh

test: ## Run every test
	@scripts/setup.sh test
	@scripts/test.sh

build: ## Build the Worker into build/ (CONFIG= OUT= PREVIOUS=)
	@scripts/setup.sh
	@scripts/build.sh

lint: ## Check formatting, lints and documentation
	@scripts/setup.sh lint
	@scripts/lint.sh

format: ## Write Rust and JavaScript the way lint wants them
	@scripts/setup.sh lint
	@. scripts/env.sh && cargo fmt && biome check --write .

bench: ## Measure against a pass-through and a hand-written JavaScript Worker
	@scripts/setup.sh
	@scripts/build.sh
	@. scripts/env.sh && exec node tests/bench/run.mjs

fuzz: ## Fuzz the parsers (SECONDS_PER_TARGET=20)
	@scripts/setup.sh fuzz
	@scripts/fuzz.sh

deploy: ## Build and deploy with Wrangler
	@scripts/setup.sh
	@. scripts/env.sh && exec wrangler deploy

clean: ## Remove what was built, keeping what was installed
	rm -rf build dist target fuzz/target .wrangler
