# The steps themselves are in .ci/run, so that make and CI cannot differ.

.PHONY: all build fmt lint test race fuzz bench bench-peers crash e2e compat vuln ci

all: fmt lint test

build:
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/leat

fmt:
	go tool -modfile=tools/lint/go.mod golangci-lint fmt

lint:
	.ci/run vet lint

test race fuzz crash e2e compat:
	.ci/run $@

bench:
	go run ./bench

# Servers to compare with: optional, and kept out of the checkout. They need no
# scripts of packages to run.
bench-peers:
	npm install --prefix "$${XDG_CACHE_HOME:-$$HOME/.cache}/leat/bench-peers" \
		--ignore-scripts --omit=optional --no-audit --no-fund kinesalite@3.3.3 kinesis-local@0.6.2

# Needs the vulnerability database, hence the network; not a part of CI.
vuln:
	go tool -modfile=tools/go.mod govulncheck ./...

ci:
	.ci/run
