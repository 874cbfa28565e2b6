# Every task has one name here. Each makes this machine ready for itself first (scripts/setup.sh).

ENGINE ?= docker
NAME ?= baseimage
VERSION ?= $(shell cat VERSION)
BASE_IMAGE ?= ubuntu:24.04
# What `make test-bases` builds on.
BASES ?= debian:12
TOOLCHAIN_IMAGE ?= debian:13
# The image that tests, the bench and the demonstration use.
IMAGE ?= $(NAME):$(VERSION)
# amd64 or arm64; empty: this machine's own.
ARCH ?=
# What a release is for, and the private key that signs it: a file of OpenSSH's, or a name that gpg knows.
ARCHES ?= amd64 arm64
SIGN_KEY ?=
HOST_ARCH := $(shell uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
# Where `make install-tools` installs; DESTDIR is put in front.
PREFIX ?= /usr/local
DESTDIR ?=
# Test files or directories, for `make e2e FILES=test/e2e/image.test.ts` and the like.
FILES ?=
# Debian's suite, for the engines of `make test-modern`.
SUITE ?= testing
# For `make bench FLAGS=--quick`.
FLAGS ?=

export ENGINE NAME VERSION ARCH BASE_IMAGE TOOLCHAIN_IMAGE IMAGE SUITE DISABLE_SYSLOG DISABLE_SSH DISABLE_CRON FRESH ARCHES SIGN_KEY

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help run build overlay tools install-tools test check test-unit test-quickjs test-process test-arm64 test-younger-base test-bases test-modern e2e bench release reproduce ci clean engine-stop setup-node setup-lint setup-man setup-engine setup-podman setup-compose setup-emulation setup-ssh setup-modern

help: ## list these tasks
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  variables: NAME=joe/baseimage VERSION=1.2 BASE_IMAGE=debian:13 ARCH=arm64 ENGINE=podman FRESH=1 (upgrade packages)"

run: build ## build, then show a container boot, heal and stop
	@sh scripts/demo.sh

build: setup-node setup-engine $(if $(ARCH),setup-emulation) ## build the image NAME:VERSION; the binary goes to build/bin
	@node scripts/bundle.mjs
	@sh scripts/build-image.sh

overlay: setup-node setup-engine $(if $(ARCH),setup-emulation) ## build only the overlay NAME:VERSION-overlay, and build/overlay/overlay.tar.xz
	@node scripts/bundle.mjs
	@ONLY=overlay sh scripts/build-image.sh

tools: setup-node setup-engine ## build only the programs for the host to build/bin, their man pages to build/share
	@node scripts/bundle.mjs
	@ONLY=binary sh scripts/build-image.sh

install-tools: export PREFIX := $(PREFIX)
install-tools: export DESTDIR := $(DESTDIR)
install-tools: tools ## install the programs for the host on this machine (PREFIX=/usr/local DESTDIR=)
	@sh install-tools.sh

test: test-unit test-quickjs test-process e2e ## prove it: all four rings, the last on real containers

check: setup-node setup-lint ## types, lint, layers, shell scripts, the repository's own rules; seconds
	node_modules/.bin/tsc --project tsconfig.json
	node_modules/.bin/tsc --project tsconfig.test.json
	node_modules/.bin/biome check --error-on-warnings .
	@sh scripts/lint-shell.sh
	node scripts/test.mjs test/tidy.test.ts test/covered.test.ts

test-unit: setup-node setup-man ## unit tests on Node
	node scripts/test.mjs $(or $(FILES),src test/simulation test/release test/tidy.test.ts test/covered.test.ts)

test-quickjs: build ## the same unit tests on the QuickJS that ships
	node scripts/quickjs-tests.mjs $(FILES)

test-process: build ## the real binary as a plain process, and again with sanitizers; no containers
	@sh scripts/export-root.sh
	node scripts/test.mjs $(or $(FILES),test/process)
	SANITIZED=1 node scripts/test.mjs $(or $(FILES),test/process)

e2e: build setup-podman setup-compose setup-ssh ## the real image in real containers
	node scripts/test.mjs $(or $(FILES),test/e2e)

test-arm64: setup-podman ## build for arm64 and run its binary and its image by qemu: exit statuses, unit tests on QuickJS, a boot
	@$(MAKE) --no-print-directory build ARCH=arm64 IMAGE=$(NAME):$(VERSION)-arm64
	@ARCH=arm64 IMAGE=$(NAME):$(VERSION)-arm64 sh scripts/test-architecture.sh $(FILES)

test-younger-base: setup-node setup-engine setup-ssh ## build on a base that is younger than the sources and needs many upgrades, and test what is added
	@sh scripts/test-younger-base.sh $(FILES)

test-bases: setup-node setup-engine ## build on each of BASES, and test what each image must do (FILES: other tests)
	@trap 'exit 130' INT; for base in $(BASES); do sh scripts/test-base.sh "$$base" $(FILES) || exit 1; done

test-modern: build setup-modern ## test the image with the engines of Debian SUITE, in a machine that this makes (User-mode Linux)
	@sh scripts/test-modern.sh $(FILES)

bench: build ## measure beside tini, dumb-init, s6 and others; a table, and JSON in build/
	node bench/main.mjs $(FLAGS)

release: build ## make dist/: binaries, tools, images of ARCHES in one archive, SBOM, checksums, notes; SIGN_KEY signs
	@trap 'exit 130' INT; for arch in $(filter-out $(HOST_ARCH),$(ARCHES)); do $(MAKE) --no-print-directory build ARCH=$$arch || exit 1; done
	@node scripts/release.mjs

reproduce: setup-node setup-engine ## build twice, without a cache, and compare binaries and layer bit for bit; minutes
	@node scripts/reproduce.mjs

ci: ## what the continuous integration runs
	@bash .ci/run

clean: ## remove what was built here; images stay in the container engine
	@sh scripts/stop-engine.sh
	rm -rf build dist node_modules

engine-stop: ## end the dockerd that was started here, if one was
	@sh scripts/stop-engine.sh

setup-node:
	@sh scripts/setup.sh node

setup-lint:
	@sh scripts/setup.sh lint

setup-man:
	@sh scripts/setup.sh man

setup-podman:
	@sh scripts/setup.sh podman

setup-compose:
	@sh scripts/setup.sh compose

setup-emulation:
	@sh scripts/setup.sh emulation

setup-modern:
	@sh scripts/setup.sh modern

setup-ssh:
	@sh scripts/setup.sh ssh

setup-engine:
	@sh scripts/setup.sh engine
