"""Every setting, in one place, read from the environment (``TSUNAGI_*``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.load import DEFAULT_TOWN


class Settings(BaseSettings):
    """The settings of one installation; the defaults run the invented sample town."""

    model_config = SettingsConfigDict(env_prefix="TSUNAGI_", frozen=True)

    data_dir: Path = Field(Path("var"), description="モデルと索引とデータベースを置くフォルダ")
    model: str = Field(
        "default",
        description="埋め込みモデル: default（調整済み）、base（調整前）、フォルダ、モデル名",
    )
    town_dir: Path = Field(DEFAULT_TOWN, description="町のデータ（town.yaml と resources.csv）")
    host: str = Field("127.0.0.1", description="待ち受けるアドレス")
    port: int = Field(8000, description="待ち受けるポート", ge=1, le=65535)
    # Secret: it may hold a password, and settings end up in error messages.
    database_url: SecretStr | None = Field(
        None,
        description="データベース: sqlite:///…/tsunagi.db か postgresql://利用者@ホスト/名前",
    )

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
