# つなぎ: make run（動かす）、make test（試験）、make setup（入れるだけ）、make check（書き方の検査）
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --disable-pip-version-check --progress-bar on -c constraints.txt

.PHONY: run setup test check clean help

help:
	@echo "make run    つなぎを動かす（初回は取り込みに数分。http://127.0.0.1:8000）"
	@echo "make setup  入れるだけ（モデルと索引まで用意する）"
	@echo "make test   試験に要るもの（Chromium と日本語フォント）も入れて、すべての試験を行う"
	@echo "make check  書き方・型・部屋の向きの検査"

run: setup
	@echo "── 窓口を開きます（止めるには Ctrl+C）"
	@$(BIN)/tsunagi serve

setup: $(VENV)/.installed
	@echo "── 索引を確かめます（初回はモデルの用意と索引の作成に1分ほど）"
	@$(BIN)/tsunagi index build --if-needed

# torch is named first and alone decides its build; the rest then finds it installed.
$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "── 仮想環境を作ります（$(VENV)）"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 以上が必要です: " + sys.version)'
	@$(PYTHON) -m venv $(VENV)
	@echo "── 部品を入れます（約1.8GB、数分かかります）"
	@$(PIP) torch==2.13.0
	@$(PIP) -e '.[model]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "── 試験の部品を入れます"
	@$(PIP) -e '.[model,dev]'
	@touch $@

test: setup $(VENV)/.installed-dev
	@sh tests/install-browser.sh
	@$(BIN)/python -m pytest

check: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

clean:
	rm -rf $(VENV) var
