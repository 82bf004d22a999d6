"""What several tests of the import begin with."""

from __future__ import annotations

import pytest

from tests.fixtures.import_world import KAIGO_17, KAIGO_ROW, row_of


@pytest.fixture
def kaigo() -> list[list[str]]:
    """A list of two invented offices."""
    other = {**KAIGO_ROW, "事業所名": "あおばデイサービス", "サービスの種類": "通所介護", "事業所番号": "0570000002", "電話番号": "0183-73-0002"}  # fmt: skip
    return [list(KAIGO_17), row_of(KAIGO_17, KAIGO_ROW), row_of(KAIGO_17, other)]
