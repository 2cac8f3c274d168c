# Targets for people; .ci/run is what the gate runs.
.DEFAULT_GOAL := help
.PHONY: help build run test lint fmt bench docs config-table openapi image examples conformance clean

help: ## Shows the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

build: ## Builds everything
	cargo build --workspace --all-features

run: ## Runs the example server on http://127.0.0.1:5678
	cargo run --release -p engine-server -- serve

test: ## Passes all tests (needs PostgreSQL on 127.0.0.1:5432 for the store tests, see docs/TESTING.md)
	cargo test --workspace --all-features

lint: ## Checks formatting and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features -- -D warnings

fmt: ## Formats the code
	cargo fmt --all

bench: ## Measures the engine against its floors, in one run
	cargo run --release -p engine-benches

docs: ## Builds the API documentation
	cargo doc --workspace --all-features --no-deps

config-table: ## Prints the table of settings that docs/CONFIGURATION.md holds between its marks
	@cargo run -q -p engine-server -- config table

openapi: ## Writes the description of the API that docs/openapi.json holds
	ENGINE_UPDATE_OPENAPI=1 cargo test -q -p engine-http --all-features --test http the_description_is_the_one_in_the_repository

image: ## Builds the container image (needs Docker)
	docker build -f deploy/Dockerfile -t engine .

examples: ## Runs the small examples
	cargo run -q -p example-embed
	cargo run -q -p example-durable
	cargo run -q -p example-custom-node
	cargo run -q -p example-another-runtime

conformance: ## Compares with what n8n gives (needs ../shared/conformance)
	cargo build -q -p engine-server
	../shared/conformance/check.py --engine target/debug/engine --order --lineage

clean: ## Removes what was built
	cargo clean
