# Two commands do everything on a fresh Debian 12 with Swift 6.3: `make demo` and `make test`.
# Each first installs the Debian packages that are missing, with sudo when not root.

PACKAGES = libpq-dev libcurl4-openssl-dev libsystemd-dev pkg-config postgresql-15 pgbouncer openssl nghttp2-server python3 systemd-container debootstrap util-linux procps prometheus caddy docker.io docker-registry busybox-static iproute2
BUILD = swift build --build-tests -j $(shell nproc)
ONLY ?=
SHELL = /bin/bash
TESTS = $(notdir $(wildcard Tests/*Tests))
ALONE = MillionJobsTests ContainerCrashTests ServiceCrashTests RestoreCrashTests
SPACE = $() $()

.PHONY: demo test bench build release lint format packages

demo: build
	@.build/debug/demo

# A process for each target, one after the other: tests that keep the processor busy would starve the real servers of others.
# For the same reason some suites have a process of their own.
test: build
	@mkdir -p .build/logs; failed=""; for target in $(TESTS) $(ALONE); do \
	  echo "== $$target"; \
	  case " $(ALONE) " in *" $$target "*) which=(--filter "\.$$target/");; *) which=(--filter "^$$target\." --skip "$(subst $(SPACE),|,$(ALONE))");; esac; \
	  swift test --skip-build --disable-xctest "$${which[@]}" 2>&1 | tee .build/logs/$$target.log; \
	  [ $${PIPESTATUS[0]} = 0 ] || failed="$$failed $$target"; \
	done; \
	for target in $$failed; do \
	  echo "== what failed in $$target (all of it: .build/logs/$$target.log)"; \
	  grep -E 'recorded an issue|Fatal error|error:' .build/logs/$$target.log | cut -c 1-600 | tail -n 20; \
	done; \
	[ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

bench: release
	@.build/release/bench $(ONLY)

build: packages
	$(BUILD)

release: packages
	swift build -c release --static-swift-stdlib -j $(shell nproc)

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

format:
	swift format --in-place --recursive Sources Tests Package.swift

packages:
	@missing=""; for p in $(PACKAGES); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  echo "Installing:$$missing"; sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
