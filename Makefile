# Everything a person does here is one of these; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

prefix := /usr
DESTDIR ?=
NODE ?= n1
PORT ?= 8080

PROGRAMS := supervisor gateway bootstrap-agent orch-agent
COMMANDS := aquariumctl
RELEASE := .build/release
man := $(prefix)/share/man/man1
# For bash, zsh and fish, where each looks for those of packages.
COMPLETIONS := $(addprefix $(prefix)/share/, bash-completion/completions/aquariumctl \
	zsh/vendor-completions/_aquariumctl fish/vendor_completions.d/aquariumctl.fish)
SWIFT_BUILD := swift build --explicit-target-dependency-import-check error
step = @tools/step $(1) --
define newline


endef

.PHONY: help
help: ## Lists the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: packages release web ## Builds everything, boots a lab node with the appliance, and prints its URL.
	$(call step,"lab images") lab/lab build
	@lab/lab up $(NODE) --forward $(PORT)
	@echo
	@echo "The appliance runs. Open http://127.0.0.1:$(PORT)/ and follow the page."
	@echo "Its processes' log:  lab/lab logs $(NODE) -f -u aquarium"
	@echo "A shell's worth:     lab/lab exec $(NODE) -- ceph -s"
	@echo "Take it all down:    make stop"

.PHONY: stop
stop: ## Takes the lab down; nothing is left but what was built.
	@lab/lab down

.PHONY: packages
packages: ## Installs the Debian packages that building and testing need.
	@tools/install-packages packages.apt web/packages.apt

.PHONY: build
build: packages ## Builds for development, with the tests.
	$(call step,"build (debug)") $(SWIFT_BUILD) --build-tests

.PHONY: release
release: packages build/released ## Builds the programs as they are installed.

build/released: Package.swift $(shell find Sources -type f)
	@mkdir -p build/static && ln -sf "$$(clang -print-file-name=libstdc++.a)" build/static/
	$(foreach program,$(PROGRAMS) $(COMMANDS),$(call step,"build $(program) (release)") \
		$(SWIFT_BUILD) -c release --static-swift-stdlib --disable-local-rpath --product $(program)$(newline))
	@touch $@

.PHONY: web
web: packages build/web/index.html ## Builds the page.

build/web/index.html: $(shell find web -type f)
	$(call step,"build the page") web/build --out build/web
	@touch $@

.PHONY: install
install: ## Copies what was built to $(DESTDIR)/usr: programs, page, command line, units, users, folders.
	install -d $(DESTDIR)$(prefix)/libexec/aquarium $(DESTDIR)$(prefix)/share/aquarium
	install -s -m 755 $(PROGRAMS:%=$(RELEASE)/%) $(DESTDIR)$(prefix)/libexec/aquarium
	rm -rf $(DESTDIR)$(prefix)/share/aquarium/web
	cp -r build/web $(DESTDIR)$(prefix)/share/aquarium/web
	install -D -m 644 units/aquarium.service $(DESTDIR)$(prefix)/lib/systemd/system/aquarium.service
	install -m 644 units/separate/* $(DESTDIR)$(prefix)/lib/systemd/system
	install -D -m 644 units/sysusers.conf $(DESTDIR)$(prefix)/lib/sysusers.d/aquarium.conf
	install -D -m 644 units/tmpfiles.conf $(DESTDIR)$(prefix)/lib/tmpfiles.d/aquarium.conf
	install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(man) $(dir $(COMPLETIONS:%=$(DESTDIR)%))
	install -s -m 755 $(COMMANDS:%=$(RELEASE)/%) $(DESTDIR)$(prefix)/bin
	$(RELEASE)/aquariumctl generate-manual $(DESTDIR)$(man)
	$(RELEASE)/aquariumctl --generate-completion-script bash >$(DESTDIR)$(word 1,$(COMPLETIONS))
	$(RELEASE)/aquariumctl --generate-completion-script zsh >$(DESTDIR)$(word 2,$(COMPLETIONS))
	$(RELEASE)/aquariumctl --generate-completion-script fish >$(DESTDIR)$(word 3,$(COMPLETIONS))

.PHONY: uninstall
uninstall: ## Removes what `install` copied; the appliance's state in /var/lib/aquarium stays.
	rm -rf $(DESTDIR)$(prefix)/libexec/aquarium $(DESTDIR)$(prefix)/share/aquarium
	rm -f $(addprefix $(DESTDIR)$(prefix)/lib/systemd/system/,$(notdir units/aquarium.service $(wildcard units/separate/*)))
	rm -f $(DESTDIR)$(prefix)/lib/sysusers.d/aquarium.conf $(DESTDIR)$(prefix)/lib/tmpfiles.d/aquarium.conf
	rm -f $(COMMANDS:%=$(DESTDIR)$(prefix)/bin/%) $(DESTDIR)$(man)/aquariumctl*.1 $(COMPLETIONS:%=$(DESTDIR)%)

.PHONY: test
test: ## Runs all tests: units, a local cluster, real nodes, the page in Chromium. The last line counts them.
	@tools/test

.PHONY: bench
bench: ## Measures, beside peers in the same run; prints figures, judges nothing.
	@tools/bench

.PHONY: storm
storm: ## Harms the appliance in every way it must survive; prints one table. SHORT=1: a minute and a half; MINUTES=10.
	@tools/storm

.PHONY: fuzz
fuzz: packages ## Runs every fuzz target for SECONDS (60), one after the other.
	@tools/fuzz $(or $(SECONDS),60)

.PHONY: clean
clean: ## Removes what was built here (not the lab's images: lab/lab help).
	rm -rf .build build Tests/artifacts
