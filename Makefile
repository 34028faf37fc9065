# Each target sets up all it needs: a .venv of its own with the package and its
# tools. PYTHON=/path/to/python chooses the interpreter (3.10 or later).

.PHONY: help demo test test-docker test-series test-clients test-monitoring test-proxies lock mutants chaos bench picture ship lint clean
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Setting up clears the folder, and a link leads to somebody else's.
ifneq ($(filter-out help clean,$(MAKECMDGOALS)),)
ifneq ($(shell test -L $(VENV) && echo link),)
$(error $(VENV) is a symbolic link, and what it leads to would be cleared. Remove the link (make clean): each checkout makes an environment of its own)
endif
endif

help:
	@echo "make demo        the five scenarios on a throwaway real MySQL"
	@echo "make test        lint, types and every test, on a throwaway real MySQL"
	@echo "make test-docker every test, and every server a container"
	@echo "make test-series every test, and a note in the pages: on which MySQL, at which commit"
	@echo "make test-clients the programs of docs/clients/ with their drivers; root installs Debian's packages"
	@echo "make test-monitoring a real Prometheus with its exporters; apt downloads Debian's packages"
	@echo "make test-proxies a real MySQL Router before a source and a replica; apt downloads Debian's package"
	@echo "make lock        schema.lock.json anew, after an object or a migration changed"
	@echo "make mutants     break the SQL on purpose, rule by rule, and see the tests fail"
	@echo "make chaos       the long runs: 35,000 steps against the model, storms of 32 callers, kills,"
	@echo "                 crashes, a replica, a clock that moves, a group's failover"
	@echo "make bench       nearly two hours of measuring, side by side with its peers; BENCH='--quick': minutes"
	@echo "make picture     docs/demo.svg anew, after the demo changed"
	@echo "make ship        VERSION=1.0.0: what is there is released; kept, to try upgrades from it"
	@echo "make lint        ruff and mypy alone"
	@echo "make clean       remove .venv, build products and tool caches"

demo: $(READY)
	@$(BIN)/tenant-quota demo

test: lint
	$(BIN)/pytest -q --durations=10 -n auto --dist loadfile

# TENANT_QUOTA_TEST_IMAGE names another image than mysql:8.4; where that cannot be pulled,
# one is made out of the sandbox's packages.
test-docker: $(READY)
	$(BIN)/python -m tools.docker_image -q --durations=10

# On the server that TENANT_QUOTA_TEST_URL names, for example one of another series.
test-series: $(READY)
	@$(BIN)/python -m tools.series

# Each driver from Debian, PyPI or npm, in build/clients where that is possible.
CLIENTS := $(CURDIR)/build/clients
test-clients: $(READY)
	@$(BIN)/python -m tools.client_drivers $(CLIENTS)
	TENANT_QUOTA_CLIENTS=$(CLIENTS) $(CLIENTS)/venv/bin/python -m pytest -q -rs tests/clients

# Debian's packages are unpacked in build/monitoring, not installed.
MONITORING := $(CURDIR)/build/monitoring
test-monitoring: $(READY)
	@$(BIN)/python -m tools.monitoring_packages $(MONITORING)
	TENANT_QUOTA_MONITORING=$(MONITORING) $(BIN)/pytest -q -rs tests/monitoring

PROXIES := $(CURDIR)/build/proxies
test-proxies: $(READY)
	@$(BIN)/python -m tools.router_package $(PROXIES)
	TENANT_QUOTA_PROXIES=$(PROXIES) $(BIN)/pytest -q -rs tests/proxies

lock: $(READY)
	@$(BIN)/python -m tools.lock

mutants: $(READY)
	$(BIN)/python -m tools.mutations

chaos: $(READY)
	$(BIN)/python -m tools.chaos

ship: $(READY)
	@$(BIN)/python -m tools.releases $(VERSION)

# Its parts and sizes: make bench BENCH='--help'. Needs sysbench, Redis and Node, and says so.
bench: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@$(BIN)/python -m benchmarks --output benchmarks $(BENCH)

picture: $(READY)
	@$(BIN)/python -m tools.demo_picture

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Installed again only when the package's metadata changed.
$(READY): pyproject.toml
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.10); do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then \
	        found=$$python; break; \
	    fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "No Python 3.10 or later among: $(or $(PYTHON),python3 python3.13 ... python3.10)." >&2; \
	    echo "Install one, or name it: make PYTHON=/path/to/python3.12" >&2; \
	    exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$found cannot make virtual environments (no ensurepip or venv)." >&2; \
	    echo "On Debian and Ubuntu: apt-get install python3-venv; or name another:" >&2; \
	    echo "make PYTHON=/path/to/python3.12" >&2; \
	    exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$found ..."; \
	"$$found" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
