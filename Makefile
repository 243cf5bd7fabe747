# Two commands: `make run` and `make test`. Needs Python 3.11+ and a C library; the rest comes from package indexes.
# Paths stay relative, so the checkout's own path may hold spaces.

.DEFAULT_GOAL := help
PYTHON ?= python3
PY := .venv/bin/python
STACK := $(PY) -m mymary_site.stack

# For checks that build settings but serve nobody.
CHECK_ENV := MARY_SECRET_KEY=only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz
TYPES_ENV := $(CHECK_ENV) DATABASE_URL=postgresql://mary@/mary REDIS_URL=redis://127.0.0.1/0
PROD_ENV := $(CHECK_ENV) DJANGO_SETTINGS_MODULE=mymary_site.settings.prod MARY_ALLOWED_ORIGINS=https://mary.example.org \
	MARY_SMTP_URL=smtp://mail.example.org MARY_MAIL_FROM=mary@example.org

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

.PHONY: run
run: install ## start everything, print the address (PORT=8001 for a second copy)
	@exec $(STACK) run

.PHONY: manage
manage: $(PY) ## manage.py on the running copy: make manage CMD=createsuperuser
	@exec $(STACK) manage -- $(CMD)

.PHONY: test
test: install-dev ## all tests, with real services
	@exec $(STACK) services -- $(PY) -m pytest -m "not slow" $(PYTEST_ARGS)

.PHONY: check
check: install-dev ## ruff, mypy, deployment checks, missing migrations
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(TYPES_ENV) $(PY) -m mypy
	$(PROD_ENV) $(STACK) services -- $(PY) manage.py check --deploy --fail-level WARNING
	$(STACK) services -- $(PY) manage.py makemigrations --check --dry-run

.PHONY: flow
flow: ## the steps of the product, in order
	@$(PYTHON) -m mymary_site.flow

.PHONY: chaos
chaos: install-dev ## kill processes at random under load, the long form
	@exec $(PY) -m tests.chaos --long $(CHAOS_ARGS)

.PHONY: chaos-flywheel
chaos-flywheel: install-dev ## kill what trains and watches, 150 times, about an hour
	@exec $(PY) -m tests.chaos.flywheel $(CHAOS_ARGS)

.PHONY: flywheel
flywheel: install-dev ## the whole loop once: talk, correct, train, gate, promote (about 10 minutes)
	@exec $(PY) -m tests.flywheel $(FLYWHEEL_ARGS)

.PHONY: bench
bench: install-dev ## measure serving, write benchmarks/results/
	@exec $(PY) -m benchmarks.serving

.PHONY: bench-training
bench-training: install-dev ## measure our trainer beside TRL's, about 40 minutes, write benchmarks/results/
	@$(PY) -m mymary_site.stack.install base inference training dev bench
	@$(PY) -m benchmarks.dpo_vs_trl
	@$(PY) -m benchmarks.sft_vs_trl

.PHONY: compile
compile: install-dev ## requirements/*.in → fully pinned *.txt (UPGRADE=--upgrade for newer versions)
	cd requirements && for name in base inference training dev bench; do \
		CUSTOM_COMPILE_COMMAND="make compile" ../$(PY) -m piptools compile --quiet --strip-extras \
			--no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(UPGRADE) $$name.in -o $$name.txt || exit 1; \
	done
	sed -i 's/^torch==\([0-9.]*\)+cpu/torch==\1/' requirements/training.txt requirements/bench.txt

.PHONY: clean
clean: ## remove what make built; data under var/ stays
	rm -rf .venv requirements/node_modules build .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: install
install: $(PY) ## packages for running, skipped when unchanged
	@$(PY) -m mymary_site.stack.install base inference

.PHONY: install-training
install-training: $(PY) ## packages for training adapters, skipped when unchanged
	@$(PY) -m mymary_site.stack.install base inference training

.PHONY: install-dev
install-dev: $(PY) ## packages for tests and checks, skipped when unchanged
	@$(PY) -m mymary_site.stack.install base inference training dev

# An old Python must still understand this check.
$(PY):
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo; echo '✗ PYTHON_TOO_OLD'; \
		echo '  Python 3.11 이상이 필요합니다. 설치한 뒤 make run PYTHON=python3.11 처럼 알려 주세요.'; \
		echo '  Python 3.11 or newer is needed; install it, then name it: make run PYTHON=python3.11'; echo; exit 1; } >&2
	@echo '.venv 를 만드는 중… / creating .venv …'
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; \
		echo; echo '✗ VENV_FAILED'; \
		echo '  가상 환경을 만들지 못했습니다. Debian·Ubuntu라면 apt install python3-venv 를 먼저 실행해 주세요.'; \
		echo '  The virtual environment could not be made; on Debian or Ubuntu run first: apt install python3-venv'; echo; exit 1; } >&2
