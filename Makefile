# A thin face over Meson; every target first sees that the needed packages are there.
.DEFAULT_GOAL := run
.PHONY: run build setup setup-all test quick check-long bench install clean help

PREFIX ?= /usr/local

run: build ## build, then run the reference scenario
	build/colossus run colossus-1

setup:
	@scripts/setup build

setup-all:
	@scripts/setup

build/build.ninja: | setup
	meson setup build --prefix=$(PREFIX)

build: build/build.ninja ## build the library and the command
	@meson compile -C build

test: setup-all ## every test in short form; ends with "N passed, N failed"
	@scripts/test

quick: setup ## one compiler and the unit tests: the habit before a commit
	@scripts/test --quick

check-long: setup-all ## long fuzzing, static analysis, full tables
	@scripts/check_long

bench: setup-all build ## ratios and instruction counts
	@meson test -C build --benchmark --verbose

install: build ## install into PREFIX (default /usr/local)
	meson install -C build

clean: setup ## remove all build folders
	rm -rf build build-clang build-asan build-tsan build-fuzz

help: setup ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 20
