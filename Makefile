# Every target does the set-up it needs. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help dev test build lint format bench fuzz evidence deploy clean

SHELL := bash
export CONFIG OUT PREVIOUS FEATURES PORT STATE SECONDS_PER_TARGET RAMPS

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

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

bench: ## Measure against a pass-through and hand-written JavaScript
	@scripts/setup.sh
	@scripts/build.sh
	@. scripts/env.sh && say "bench: assignment alone and whole decisions, natively" && cargo bench --quiet --bench assign
	@. scripts/env.sh && node tests/bench/run.mjs && exec node --disable-warning=ExperimentalWarning tests/bench/feedback.mjs

fuzz: ## Fuzz the parsers (SECONDS_PER_TARGET=20)
	@scripts/setup.sh fuzz
	@scripts/fuzz.sh

evidence: ## Make the table of docs/evidence.md again (RAMPS=1000)
	@scripts/setup.sh
	@scripts/evidence.sh

deploy: ## Build over what is in force and deploy with Wrangler (HALFTONE_URL= FIRST=1 PARENT= RETAIN_DAYS=7 DRY_RUN=1)
	@scripts/setup.sh
	@scripts/deploy.sh

clean: ## Remove what was built, keeping what was installed
	rm -rf build dist target fuzz/target .wrangler
