"""Every setting, in one place, read from the environment (``TSUNAGI_*``).

The meaning of each is its ``description``: `tsunagi settings` prints it, and a test holds the
table of the README to it.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from knowledge.load import DEFAULT_TOWN

Mode = Literal["single", "town"]
LoginClaim = Literal["email", "preferred_username"]
# One value with commas, as people write it; pydantic-settings alone would ask for JSON.
Names = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """The settings of one installation; the defaults run the invented sample town."""

    model_config = SettingsConfigDict(env_prefix="TSUNAGI_", env_ignore_empty=True, frozen=True)

    data_dir: Path = Field(Path("var"), description="モデルと索引とデータベースを置くフォルダ")
    model: str = Field(
        "default",
        description="埋め込みモデル。`default`（相談記録で調整したもの）、`base`（調整前）、フォルダ、モデル名",
    )
    town_dir: Path = Field(DEFAULT_TOWN, description="町のデータ（`town.yaml` と `resources.csv`）")
    # Secret: it may hold a password, and settings end up in error messages.
    database_url: SecretStr | None = Field(
        None,
        description="データベース。`sqlite:///…/tsunagi.db` か `postgresql://利用者@ホスト/名前`",
    )
    mode: Mode = Field(
        "single",
        description="`single`: 1人用のお試し（ログインなし、このコンピュータの中だけ）。`town`: 役場で使う（ログインが要る）",
    )
    host: str = Field("127.0.0.1", description="待ち受けるアドレス")
    port: int = Field(8000, description="待ち受けるポート", ge=1, le=65535)
    allowed_hosts: Names = Field(
        (),
        description="ほかのコンピュータから画面を開くときの名前（`,` 区切り。例: `tsunagi.example.jp`）",
    )
    trusted_proxies: Names = Field(
        (),
        description="手前に置いた中継サーバーの IP アドレスか範囲（`,` 区切り）。そこからの X-Forwarded-For だけを信じる",
    )
    secure_cookie: bool = Field(
        True,
        description="ログインの印（cookie）を https だけで送る。http だけの閉域網では `false`",
    )
    session_idle_minutes: int = Field(
        30, description="使わないまま何分でログインが切れるか", ge=1, le=1440
    )
    session_lifetime_hours: int = Field(
        10, description="使い続けても何時間でログインが切れるか", ge=1, le=168
    )
    sign_in_tries: int = Field(
        10, description="ログインに何回続けて失敗したら、その利用者を一時止めるか", ge=3, le=100
    )
    client_tries: int = Field(
        100, description="1つの接続元が5分の間にログインを試してよい回数", ge=3, le=100_000
    )
    one_time_password_days: int = Field(
        14,
        description="一度限りのパスワードを渡してから、何日で使えなくなるか（使えなくなったら再発行する）",
        ge=1,
        le=365,
    )
    # 19 MiB is the least that OWASP's Password Storage Cheat Sheet allows.
    password_memory_mib: int = Field(
        64, description="パスワード1つの計算に使うメモリー（MiB）", ge=19, le=1024
    )
    oidc_issuer: str = Field(
        "", description="外部ログイン（OpenID Connect）の認証基盤の住所（issuer）。空なら使わない"
    )
    oidc_client_id: str = Field("", description="認証基盤に登録した、つなぎの番号（client id）")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="認証基盤が発行した合言葉（client secret）"
    )
    oidc_callback_url: str = Field(
        "",
        description="認証基盤から戻る住所（`https://窓口の名前/sign-in/oidc/callback`）。認証基盤にも同じものを登録する",
    )
    oidc_login_claim: LoginClaim = Field(
        "email",
        description="招待したログイン名と、初めてのときに照らす項目。`email` は確認済みのものだけを見る。`preferred_username` は、本人が名前を変えられない認証基盤でだけ使う",
    )
    oidc_label: str = Field("職員アカウント", description="外部ログインのボタンに出す名前")
    oidc_ca_file: Path | None = Field(
        None, description="認証基盤の証明書を出した、組織の認証局の証明書（PEM ファイル）"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="記録（ログ）の細かさ。`debug`、`info`、`warning`、`error`"
    )
    log_format: Literal["json", "text"] = Field(
        "json", description="記録（ログ）の形。`json`（1行に1件）か `text`（人が読む用）"
    )

    @field_validator("allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _bare_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(set(name) & set("/*@ ") or _has_port(name) for name in value):
            raise ValueError("names only: no address, no port, no *")
        return tuple(name.casefold() for name in value)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(part, strict=False)) for part in value)

    @property
    def index_dir(self) -> Path:
        """Where index versions live: one folder per town, so that two towns do not collide."""
        return self.data_dir / "index" / self.town_dir.name

    @property
    def models_dir(self) -> Path:
        """Where the prepared default model lives."""
        return self.data_dir / "models"

    @property
    def store_url(self) -> str:
        """The database's address: SQLite in the data folder unless another is configured."""
        configured = self.database_url.get_secret_value() if self.database_url else ""
        if configured:
            return configured
        return f"sqlite:///{self.data_dir / 'tsunagi.db'}"

    @property
    def own_address(self) -> str:
        """The address of the desk, as a browser on this machine would open it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def _has_port(name: str) -> bool:
    """Tell whether a name goes on after a colon; an IPv6 address has colons of its own."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return ":" in name
    return False
