# Every command sets up what it needs first, and only then. `make` alone lists them.
.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV := .venv
MINISTACK := .venvs/ministack
FUZZ := .venvs/fuzz
AWS_TOOLS := .venvs/aws
NODE := .venvs/node
DEV_READY := $(VENV)/.ready
LOCAL_READY := $(MINISTACK)/.ready
WHEEL := .venvs/wheel
SITE := .venvs/site
BROWSER := .venvs/browser
PLOTS := .venvs/plots
PLOTS_READY := $(PLOTS)/.ready
PY := $(VENV)/bin/python
STAGE ?= local
export LOCAL_DIR ZOHO_URL PORT COMPANY PYTHON BUCKET PARAMETERS WRITE CONFIRM AT BACKUP STAGE OUT
# $(call on,VALUE,OPTION): a switch is on for these words, and off for all others, "no" and "0" among them.
on = $(if $(filter 1 yes true,$(1)),$(2))

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Python is looked for on every command, so that its absence is always the same one line.
.PHONY: python
python:
	@scripts/find-python >/dev/null

$(DEV_READY): requirements/dev.txt | python
	@scripts/make-venv $(VENV) $<

# The command itself: not a package, so that it runs the code as it lies here.
$(VENV)/bin/expunge: scripts/expunge $(DEV_READY)
	@cp $< $@ && chmod 755 $@

$(PLOTS_READY): requirements/plots.txt | python
	@scripts/make-venv $(PLOTS) $<

$(LOCAL_READY): requirements/ministack.txt | python
	@scripts/make-venv $(MINISTACK) $<

$(AWS_TOOLS)/.ready: requirements/aws.txt | python
	@scripts/make-venv $(AWS_TOOLS) $<

$(SITE)/.ready: requirements/site.txt | python
	@scripts/make-venv $(SITE) $<

# What the wheel of the command needs: its test installs it into an empty environment.
$(WHEEL)/.ready: requirements/wheel.txt $(DEV_READY)
	@echo "expunge: downloading what the wheel needs from $< (once)" >&2
	@rm -rf $(WHEEL) && mkdir -p $(WHEEL)
	@$(PY) -m pip download -qq --disable-pip-version-check --require-hashes --only-binary :all: -r $< -d $(WHEEL)/wheels
	@touch $@

$(FUZZ)/.ready: requirements/fuzz.txt | python
	@scripts/make-venv $(FUZZ) $<

# A sender in JavaScript, for a test that is run where node is.
$(NODE)/.ready: examples/callers/package-lock.json
	@mkdir -p $(NODE) && cp examples/callers/package.json $< $(NODE)/
	@cd $(NODE) && npm ci --silent --ignore-scripts --no-audit --no-fund && touch .ready

.PHONY: node
node: $(NODE)/.ready ## install the JavaScript sender of the tests (needs node and npm)

# What the tests of the pages need; chromium and its driver are the system's own.
$(BROWSER)/.ready: tests/browser/package-lock.json
	@mkdir -p $(BROWSER) && cp tests/browser/package.json $< $(BROWSER)/
	@cd $(BROWSER) && npm ci --silent --ignore-scripts --no-audit --no-fund && touch .ready

.PHONY: chromium
chromium:
	@for each in npm chromium chromedriver; do command -v $$each >/dev/null || { \
	  echo "make: $$each is missing: on Debian apt-get install npm chromium chromium-driver" >&2; exit 1; }; done

.PHONY: browser
browser: chromium $(BROWSER)/.ready ## install the accessibility checker of the tests (needs npm, chromium, chromedriver)

.PHONY: pages
pages: setup browser ## the pages in a real browser, on a local stack (WRITE=1 refreshes docs/images)
	@$(PY) scripts/run_tests.py --all tests/browser

.PHONY: setup
setup: python $(DEV_READY) $(VENV)/bin/expunge $(LOCAL_READY) ## make the environments (.venv, .venvs) and .venv/bin/expunge

.PHONY: demo
demo: setup ## the main job from nothing: start, delete, show the result events, stop
	@$(PY) -m local demo

.PHONY: up
up: setup ## start the local stack and leave it running (ZOHO_URL=, LOCAL_DIR=, PORT=, COMPANY=no)
	@$(PY) -m local up

.PHONY: down
down: setup ## stop the local stack
	@$(PY) -m local down

.PHONY: status
status: setup ## say what of the local stack is running
	@$(PY) -m local status

.PHONY: test
test: setup $(AWS_TOOLS)/.ready $(WHEEL)/.ready ## all tests that need Python and make only
	@$(PY) scripts/run_tests.py

# What `make test` and `make check` need, side by side with -j.
.PHONY: environments
environments: setup $(AWS_TOOLS)/.ready $(WHEEL)/.ready $(SITE)/.ready

# TEST_WORKERS=0 runs them in one process.
.PHONY: test-fast
test-fast: setup ## the quick tests while you work, under 20 s; says what it leaves out
	@$(PY) scripts/run_tests.py --fast

.PHONY: test-all
test-all: setup $(AWS_TOOLS)/.ready $(WHEEL)/.ready node browser ## these and the long ones, and those that need node or chromium
	@$(PY) scripts/run_tests.py --all

.PHONY: fuzz
fuzz: setup $(FUZZ)/.ready ## 100,000 requests at the API, and schemathesis on a local stack (COUNT=, EXAMPLES=)
	@$(PY) -m tests.fuzz --count $(or $(COUNT),100000) --examples $(or $(EXAMPLES),300)

.PHONY: check
check: setup $(AWS_TOOLS)/.ready $(SITE)/.ready ## lint, types, import law, made documents, templates
	@$(PY) scripts/check.py

# Ten minutes at most. The report and the plot lie in .build/; WRITE=1 puts them into docs/RELIABILITY.md as well.
.PHONY: docs
docs: setup $(SITE)/.ready ## the documents as a site, its links checked: .build/site/index.html
	@$(PY) -m docs.site

.PHONY: soak
soak: setup $(PLOTS_READY) ## thousands of requests while Zoho fails and workers die (REQUESTS=2000, WRITE=1)
	@mkdir -p .build && rm -f .build/soak.json
	@$(PY) -m tests.soak.soak --requests $(or $(REQUESTS),2000) --report .build/soak.json; code=$$?; \
	  $(PLOTS)/bin/python tests/soak/plot.py .build/soak.json .build/soak.png && exit $$code
	@$(if $(WRITE),$(PLOTS)/bin/python tests/soak/plot.py .build/soak.json docs/soak.png docs/RELIABILITY.md)

# The counts take a quarter of a minute and are kept, so most of the time only the tables are made again.
.PHONY: cost
cost: setup ## what deletions cost on AWS and in Zoho's credits: docs/COST.md (COUNT=1 counts them anew)
	@$(if $(COUNT),$(PY) -m benchmarks.counts --write >/dev/null && $(PY) -m benchmarks.counts_evidence --write >/dev/null)
	@$(PY) -m benchmarks.cost_page

# About a quarter of an hour, on a machine that does nothing else. The figures and plots lie in .build/; WRITE=1
# puts them into docs/PERFORMANCE.md as well.
.PHONY: bench
bench: setup $(PLOTS_READY) ## measure side by side with the peers and Zoho's limits (WRITE=1)
	@mkdir -p .build && rm -f .build/bench.json
	@$(PY) -m benchmarks --report .build/bench.json; code=$$?; \
	  test -f .build/bench.json && $(PLOTS)/bin/python benchmarks/plot.py .build/bench.json .build; exit $$code
	@$(if $(WRITE),$(PLOTS)/bin/python benchmarks/plot.py .build/bench.json docs/images docs/PERFORMANCE.md)

.PHONY: scale
scale: setup $(PLOTS_READY) ## what breaks first with many orgs: docs/SCALE.md and its plots, from a model
	@mkdir -p .build
	@$(PY) -m benchmarks.scale_page .build/scale.json
	@$(PLOTS)/bin/python benchmarks/scale_plot.py .build/scale.json docs/images

.PHONY: guards
guards: setup ## take one guard away at a time: some test must fail for each
	@$(PY) -m tests.guards

# No AWS account is asked. OUT gets deployment.zip, template.json and sbom.json, which are what `make deploy` sends.
.PHONY: package
package: setup ## what make deploy sends, into a directory (STAGE=, OUT=, KEPT=yes, PARAMETERS=)
	@$(PY) -m local package --stage="$$STAGE" --out="$$OUT" $(call on,$(KEPT),--kept)

# Nothing is pushed. The files lie in dist/; CHANGELOG.md, pyproject.toml and docs/openapi.json are committed and tagged.
.PHONY: release
release: setup ## date the changelog, tag, and build what is published into dist/ (VERSION=)
	@$(PY) scripts/release.py "$(VERSION)"

.PHONY: deploy
deploy: setup ## package and deploy to the AWS account of the environment (STAGE=dev or any name, REPAIR=1, BUCKET=, PARAMETERS=, YES=1)
	@$(PY) -m local deploy --stage="$$STAGE" $(call on,$(YES),--yes) $(call on,$(REPAIR),--repair)

# Table and secrets stay, in a stack of the same name, unless DELETE_DATA=yes; then the stage's name must be typed.
.PHONY: destroy
destroy: setup ## take a stage down, but for its data (STAGE=, YES=1, DELETE_DATA=yes, CONFIRM=)
	@$(PY) -m local destroy --stage="$$STAGE" $(call on,$(YES),--yes) $(if $(filter yes,$(DELETE_DATA)),--delete-data)

# Nothing is deleted and no Zoho org is needed; what it makes it removes.
.PHONY: smoke
smoke: setup ## prove a deployed stage in two minutes (STAGE=; the local stack by default)
	@$(PY) -m local smoke --stage="$$STAGE"

# DynamoDB restores to a new table only: the stage stops, and the backup takes the table's name. See docs/OPERATIONS.md.
.PHONY: restore-table
restore-table: setup ## put a backup in the place of a stage's table; paused then (STAGE=, AT=time or BACKUP=arn, CONFIRM=)
	@$(PY) -m local restore-table --stage="$$STAGE"

# Hashes of every platform's files are locked; no registry is named.
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" ../$(VENV)/bin/pip-compile --quiet --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
.PHONY: lock
lock: setup ## compile the version locks again (UPGRADE=--upgrade for newer versions)
	@cd requirements && $(COMPILE) $(UPGRADE) --output-file ../requirements.txt lambda.in
	@cd requirements && $(COMPILE) $(UPGRADE) --output-file dev.txt dev.in
	@cd requirements && $(COMPILE) $(UPGRADE) --output-file wheel.txt -c dev.txt ../pyproject.toml
	@cd requirements && $(COMPILE) $(UPGRADE) --output-file site.txt site.in
	@cd requirements && $(COMPILE) $(UPGRADE) --output-file ministack.txt ministack.in
	@cd requirements && $(COMPILE) $(UPGRADE) --output-file plots.txt plots.in
	@cd requirements && $(COMPILE) $(UPGRADE) --output-file fuzz.txt fuzz.in
	@cd requirements && $(COMPILE) $(UPGRADE) --output-file aws.txt aws.in
