# Every target works on a clean checkout. make help lists them.

GOLANGCI_LINT_VERSION = v2.15.0
golangci_lint = bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
GOTESTSUM_VERSION = v1.13.0
gotestsum = bin/gotestsum-$(GOTESTSUM_VERSION)
# One machine's browser, disk and servers have moments of their own: what fails runs once more by itself. It is printed whole at
# the end, and to be mended all the same.
go_test = $(gotestsum) --format standard-quiet --rerun-fails=1 --rerun-fails-abort-on-data-race

.DEFAULT_GOAL = help
.PHONY: help build run edges test soak sites reference-newest bench docs lint generate

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

build: ## build bin/handbill, Caddy with Handbill compiled in
	go build -o bin/handbill ./cmd/handbill

run: build ## run the demo on http://localhost:8080
	@scripts/run-demo.sh

edges: build ## run two edges over one Redis, behind a balancer, on http://localhost:8080
	@scripts/run-two-edges.sh

test: $(gotestsum) ## run every test; gets the browser and the pages that they need
	scripts/install-test-tools.sh
	scripts/check-generated.sh
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then printf 'Not formatted, run gofmt -w on:\n%s\n' "$$unformatted" >&2; exit 1; fi
	go vet ./...
	$(go_test) --packages="$$(go list ./... | grep -v -e '/client$$' -e '/cmd/handbill$$' | tr '\n' ' ')" -- -timeout 40m
	cd client && go test -run TestTheClientIsSmall # prints how much the browser loads
	$(go_test) --packages="./client ./cmd/handbill" -- -timeout 40m -p 1 # each with a browser of its own, which wants the machine for itself

soak: ## run the tests with figures in full, which takes an hour or two, and write the figures to docs/reliability.md; SOAK_PARTS chooses parts
	scripts/install-test-tools.sh
	go run ./scripts/soak

sites: build ## put web frameworks' applications behind Handbill, and test them in the browser; gets them from npm
	scripts/build-sites.sh
	go test -tags sites -count=1 -timeout 10m -v ./sites

reference-newest: ## run the conformance suite with the reference clients that npm published last; gets them from npm
	scripts/test-newest-clients.sh

bench: build ## measure, and write the figures to docs/performance.md; BENCH_ROUNDS sets the rounds, BENCH_PARTS chooses parts, BENCH_VISITORS sets how many visitors are known
	go run ./bench

docs: build ## take the pictures of the documentation from the running demo
	go run ./scripts/screenshot

generate: ## write the generated files anew
	go generate ./...

lint: $(golangci_lint) client/node_modules/.package-lock.json ## golangci-lint for Go, strict tsc for the client
	$(golangci_lint) run
	npm --prefix client run --silent check

$(golangci_lint):
	GOBIN="$(CURDIR)/bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv bin/golangci-lint $@

$(gotestsum):
	GOBIN="$(CURDIR)/bin" go install gotest.tools/gotestsum@$(GOTESTSUM_VERSION)
	mv bin/gotestsum $@

client/node_modules/.package-lock.json: client/package-lock.json
	cd client && npm ci --no-audit --no-fund
