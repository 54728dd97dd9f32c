# One entry for each thing to do here; `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup contracts build demo test check fixtures snapshot coverage slither symbolic mutants clean

FORGE := scripts/forge
# Written by `npm ci`; older than the lockfile when that has changed.
NPM_STAMP := node_modules/.package-lock.json
# Python's tools: slither and halmos with its solvers.
VENV := target/analysis-venv
VENV_STAMP := $(VENV)/.requirements
# For them, forge on the PATH, and builds that leave out/ as it is.
ANALYSE = PATH="$(CURDIR)/scripts:$(CURDIR)/$(VENV)/bin:$$PATH" FOUNDRY_OUT=target/$@/out FOUNDRY_CACHE_PATH=target/$@/cache

# $(call need,program,where to get it): stop with one line when the program is missing.
need = @command -v $(1) >/dev/null || { echo "error: $(1) is missing: $(2)" >&2; exit 1; }
need_cargo = $(call need,cargo,install Rust from https://rustup.rs)
need_node = $(call need,node,install Node.js 20 or newer from https://nodejs.org)
need_python = $(call need,python3,install Python 3.11 or newer with its venv module from https://www.python.org)
need_npm = $(call need,npm,it comes with Node.js from https://nodejs.org)

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/' | expand -t 16

setup: $(NPM_STAMP) ## Install the contract toolchain (forge, anvil, solc) from the lockfile
	$(need_cargo)
	$(need_node)

$(NPM_STAMP): package.json package-lock.json .npmrc
	$(need_node)
	$(need_npm)
	@echo "Installing forge, anvil, solc and the contract libraries into node_modules (no install scripts run)"
	npm ci --ignore-scripts
	@touch $@

contracts: setup ## Compile the contracts into out/
	$(FORGE) build --skip 'contracts/test/**'

build: ## Build the release binaries
	$(need_cargo)
	cargo build --release --locked

demo: contracts build ## Run the whole story against a local chain
	target/release/zkescrow demo

test: contracts ## Run every test: Rust (optimised) and contracts
	@if command -v cargo-nextest >/dev/null; then \
		cargo nextest run --workspace --release --locked && cargo test --doc --workspace --release --locked; \
	else \
		cargo test --workspace --release --locked; \
	fi
	$(FORGE) test

check: setup ## Check formatting, lints and documentation
	cargo fmt --all --check
	$(FORGE) fmt --check
	cargo clippy --workspace --all-targets --release --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace --release --locked

fixtures: setup ## Rewrite the generated contracts and proofs that forge's tests read
	$(need_cargo)
	cargo run --release --locked -p zkescrow-tests --bin fixtures
	$(MAKE) snapshot

snapshot: setup ## Rewrite the gas that forge's tests compare with
	FORGE_SNAPSHOT_CHECK=false FORGE_SNAPSHOT_EMIT=true $(FORGE) test --match-path 'contracts/test/**/Gas.t.sol'

coverage: setup ## Show which lines and branches of the contracts no test reaches
	@node scripts/coverage.mjs

slither: setup $(VENV_STAMP) ## Analyse the contracts with slither; fails on findings without an answer
	@$(ANALYSE) node scripts/slither.mjs

symbolic: setup $(VENV_STAMP) ## Prove the properties in contracts/test/symbolic with halmos
	@rm -rf target/$@/out target/$@/cache
	@$(ANALYSE) FOUNDRY_TEST=contracts/test/symbolic halmos --forge-build-out target/$@/out --panic-error-codes '*' --no-status

mutants: setup ## Break the contracts one change at a time; fails when tests overlook one (see docs/analysis.md)
	@node scripts/mutants.mjs $(MUTANTS)

$(VENV_STAMP): scripts/analysis/requirements.txt
	$(need_python)
	@echo "Installing slither and halmos into $(VENV)"
	rm -rf $(VENV)
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

clean: ## Remove everything that was built or installed
	$(need_cargo)
	cargo clean
	rm -rf node_modules out cache
