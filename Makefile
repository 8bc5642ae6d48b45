# What a person does with this repository. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help tools run test check slow dist bench clean

# One nats-server for every program and test that a target starts.
NATS = REVOPS_NATS_SERVER="$$(deploy/get-nats-server)"

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

tools: ## fetch nats-server into .tools, unless there is one
	@deploy/get-nats-server

run: tools ## build, start everything on .data, and load a demo history
	$(NATS) cargo run --release --locked -p revops -- up --data .data --demo

test: tools ## run every test
	$(NATS) cargo test --workspace --locked

check: ## what CI runs: format, lints, then every test
	.ci/run

slow: tools ## every test, with the long suites at full length
	REVOPS_SLOW=1 $(NATS) cargo test --workspace --locked

dist: ## build target/dist/revops as it is deployed: faster, and twice as long in the making
	cargo build --profile dist --locked -p revops

bench: tools ## measure, and print the tables
	$(NATS) cargo bench --profile dist --workspace --locked --bench '*'

clean: ## remove what was built and fetched; .data stays
	cargo clean
	rm -rf .tools
