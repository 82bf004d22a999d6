"""Every setting is documented, read from the environment, and secret where it must be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from service.cli import app
from service.cli_settings import HIDDEN, markdown_table, shown_settings
from service.settings import Settings

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TSUNAGI_{name.upper()}", raising=False)


def test_the_readme_holds_the_table_of_all_settings() -> None:
    table = markdown_table(shown_settings(Settings()))
    assert table in README.read_text(encoding="utf-8"), (
        "README の「設定」を `tsunagi settings --markdown` の出力に入れ替えてください"
    )


def test_every_setting_has_a_meaning_in_japanese() -> None:
    for shown in shown_settings(Settings()):
        assert re.search("[ぁ-ん]", shown.meaning), shown.name
        assert "|" not in shown.meaning


def test_every_variable_that_the_code_reads_is_a_setting() -> None:
    named = set()
    for file in (README.parent / "service").rglob("*.py"):
        named |= set(re.findall(r"TSUNAGI_[A-Z]+(?:_[A-Z]+)*", file.read_text(encoding="utf-8")))
    known = {f"TSUNAGI_{name.upper()}" for name in Settings.model_fields}
    # The prefix of TSUNAGI_OIDC_{name} in a message.
    assert {name for name in named if not any(k.startswith(name) for k in known)} == set()


def test_the_command_shows_values_and_hides_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSUNAGI_MODE", "town")
    monkeypatch.setenv("TSUNAGI_ALLOWED_HOSTS", "b.example, A.example")
    monkeypatch.setenv("TSUNAGI_DATABASE_URL", "postgresql://tsunagi:himitsu@db/tsunagi")
    monkeypatch.setenv("TSUNAGI_OIDC_CLIENT_SECRET", "naisho")
    output = CliRunner().invoke(app, ["settings"]).output
    assert "TSUNAGI_MODE=town\n" in output
    assert "TSUNAGI_ALLOWED_HOSTS=b.example,a.example\n" in output
    assert output.count(HIDDEN) == 2
    assert "himitsu" not in output
    assert "naisho" not in output
    for name in Settings.model_fields:
        assert f"TSUNAGI_{name.upper()}=" in output
    assert CliRunner().invoke(app, ["settings", "--markdown"]).output.startswith("| 環境変数 |")


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSUNAGI_PORT", "")
    monkeypatch.setenv("TSUNAGI_OIDC_CA_FILE", "")
    assert Settings().port == 8000
    assert Settings().oidc_ca_file is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TSUNAGI_MODE", "everybody"),
        ("TSUNAGI_ALLOWED_HOSTS", "https://a.example"),
        ("TSUNAGI_ALLOWED_HOSTS", "*"),
        # It would never fit: the port of the Host header is not looked at.
        ("TSUNAGI_ALLOWED_HOSTS", "a.example:8000"),
        ("TSUNAGI_ONE_TIME_PASSWORD_DAYS", "0"),
        ("TSUNAGI_TRUSTED_PROXIES", "proxy.example"),
        ("TSUNAGI_SESSION_IDLE_MINUTES", "0"),
        ("TSUNAGI_PASSWORD_MEMORY_MIB", "1"),
        ("TSUNAGI_LOG_LEVEL", "loud"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert name == f"TSUNAGI_{str(caught.value.errors()[0]['loc'][0]).upper()}"


def test_an_address_may_be_a_name_of_the_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSUNAGI_ALLOWED_HOSTS", "192.0.2.5,2001:DB8::5")
    assert Settings().allowed_hosts == ("192.0.2.5", "2001:db8::5")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104  never bound
        ("::", "http://[::1]:8000"),
        ("desk.example.jp", "http://desk.example.jp:8000"),
    ],
)
def test_the_desks_own_address_can_be_opened(host: str, address: str) -> None:
    assert Settings(host=host).own_address == address
