# Everything runs from a fresh clone: what is missing (Node.js, packages, parts for the tests) is brought on the way.
.SUFFIXES:
.DEFAULT_GOAL := help

# A Node.js new enough comes first on PATH for every recipe; see tools/node.sh.
NODE_PATH = node_dir=$$(tools/node.sh) && PATH="$$node_dir:$$PATH" && export PATH
# What holds Node itself is made with one version of it alone.
PINNED_NODE_PATH = node_dir=$$(tools/node.sh --pinned) && PATH="$$node_dir:$$PATH" && export PATH
BIN = node_modules/.bin
STAMP = node_modules/.installed
SOURCES = package.json package-lock.json tools/build.ts tools/build-ui.ts tools/bundled.ts tools/launcher.ts tools/programs.ts $(shell find src ui -type f ! -name '*.test.ts' 2>/dev/null)

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: build ## run Headwind with a Kubernetes API and a registry of its own; ends with Ctrl-C
	@$(NODE_PATH) && exec bin/headwind demo

build: dist/.built ## make bin/headwind and bin/kubectl-headwind

executable: dist/.executable ## make single executables: dist/headwind-linux-x64, dist/kubectl-headwind-linux-x64

image: build ## make the container image: dist/image, dist/headwind-image.tar; IMAGE_ARCHS='amd64 arm64' for both
	@$(PINNED_NODE_PATH) && node tools/image/main.ts --arch '$(IMAGE_ARCHS)'

archives: executable ## pack the executables for download, with their licences, into dist/release
	@$(PINNED_NODE_PATH) && node tools/archives.ts

krew: archives ## write the manifest for Krew of what is in dist/release
	@$(NODE_PATH) && node tools/krew-manifest.ts

# For the workflow of releases: dist/release holds the archives of all platforms.
release-files: $(STAMP)
	@$(NODE_PATH) && node tools/krew-manifest.ts --complete
	@cp deploy/install.yaml dist/release/
	@cd dist/release && rm -f SHA256SUMS* && sha256sum -- * > ../SHA256SUMS && mv ../SHA256SUMS . && cat SHA256SUMS

check-release: $(STAMP)
	@$(NODE_PATH) && node tools/check-release.ts '$(TAG)'

lint: $(STAMP) ## check types, rules, format, imports, the links of documents, licences and versions of what is shipped
	@$(NODE_PATH) && \
	$(BIN)/tsc -p . && \
	$(BIN)/tsc -p ui && \
	$(BIN)/tsc -p docs/.vitepress && \
	$(BIN)/oxlint --type-aware --quiet --format=unix . && \
	unformatted=$$($(BIN)/oxfmt --list-different . || true) && \
	{ test -z "$$unformatted" || { printf 'Not in the one format (make format repairs it):\n%s\n' "$$unformatted"; exit 1; }; } && \
	node tools/check-floors.ts && \
	node tools/check-links.ts && \
	node tools/check-dependencies.ts && \
	echo 'lint: types, rules, format, imports, links and dependencies are right'

# Not a part of lint or test: what it finds depends on the day, and it needs the registry.
audit: $(STAMP) ## ask the npm registry for known vulnerabilities of the packages
	@$(NODE_PATH) && npm audit

format: $(STAMP) ## write all files in the one format, and those that are made from others
	@$(NODE_PATH) && $(BIN)/oxfmt . >/dev/null && node tools/readme-tables.ts && node tools/generate.ts && node tools/install-file.ts

install-file: $(STAMP) ## write deploy/install.yaml and what else is made from deploy/k8s
	@$(NODE_PATH) && node tools/install-file.ts

unit: $(STAMP) ## run the unit tests alone
	@$(NODE_PATH) && $(BIN)/vitest run --project unit

parts: $(STAMP) ## bring the real parts that tests run against
	@echo 'parts: looking for API server, node, registry and tools'
	@$(NODE_PATH) && node test/parts/prepare.ts

test: lint parts unit build executable image ## run all tests: unit, contract, integration, faults, browser, and those with real pods
	@$(NODE_PATH) && echo 'test: the parts themselves, and the contract' && $(BIN)/vitest run --project parts --project contract
	@$(NODE_PATH) && echo 'test: integration, in two halves side by side' && node tools/side-by-side.ts integration 2
	@$(NODE_PATH) && echo 'test: faults' && $(BIN)/vitest run --project faults
	@$(NODE_PATH) && echo 'test: the dashboard in a browser' && $(BIN)/vitest run --project browser
	@$(NODE_PATH) && echo 'test: real pods' && $(BIN)/vitest run --project e2e

faults: $(STAMP) ## play runs while the parts break; HEADWIND_FAULT_RUNS=20, and HEADWIND_FAULT_SEED to repeat one
	@$(NODE_PATH) && node test/parts/prepare.ts tests && $(BIN)/vitest run --project faults $${HEADWIND_FAULT_SEED:+series}

e2e: image ## try rollouts and rollbacks on real pods; E2E_ROUNDS=3, and KUBECONFIG for a cluster of yours
	@$(NODE_PATH) && node test/parts/prepare.ts $${KUBECONFIG:+kubectl busybox skopeo} && $(BIN)/vitest run --project e2e

bench: build ## measure against the budgets, each beside its floor; BENCH='--quick --json --out FILE' and the like
	@$(NODE_PATH) && node test/parts/prepare.ts tests && node bench/main.ts $(BENCH)

performance: build ## measure everything, the soak too (half an hour on a quiet machine), and write docs/performance.md
	@$(NODE_PATH) && node test/parts/prepare.ts tests && \
	missed=0; node bench/main.ts --out bench/results/budgets.json || missed=1; \
	node bench/main.ts --only soak --out bench/results/soak.json || missed=1; \
	node tools/generate.ts && exit $$missed

docs: $(STAMP) ## build the documentation site into dist/docs
	@$(NODE_PATH) && node tools/check-links.ts && $(BIN)/vitepress build docs && \
	echo "docs: dist/docs; look at it with '$(BIN)/vitepress preview docs --host 127.0.0.1'"

# For the workflow of releases: CHART, the archive that is released, and PUBLISHED, whose other versions are kept.
pages: docs ## build what https://headwind.sh serves into dist/pages: the site, the chart repository, install.yaml
	@$(NODE_PATH) && node test/parts/prepare.ts helm && \
	node tools/pages.ts $(if $(CHART),--chart '$(CHART)') $(if $(PUBLISHED),--published '$(PUBLISHED)')

clean: ## remove what was built; .tools and node_modules stay
	@rm -rf bin dist coverage

dist/.built: $(STAMP) $(SOURCES)
	@$(NODE_PATH) && node tools/build.ts
	@touch dist/.built
	@echo 'build: bin/headwind and bin/kubectl-headwind'

dist/.executable: dist/.built tools/node.sh tools/executable.ts tools/image/elf.ts $(wildcard tools/executable/*.ts)
	@$(PINNED_NODE_PATH) && node tools/executable.ts
	@touch dist/.executable

$(STAMP): package-lock.json
	@echo 'install: npm packages'
	@$(NODE_PATH) && npm ci --no-audit --no-fund --no-progress --loglevel=error >/dev/null
	@touch $(STAMP)

.PHONY: help demo build executable image lint audit format install-file unit parts test faults e2e bench performance docs pages clean
