"""The steps from one schema to the next, forward only.

To add one: write ``versions/r0005_what.py`` with ``revision = "0005"`` and
``down_revision = "0004"``, spell the change out with ``op`` (never import ``tables``: it shows
today's schema, not that step's), and let ``downgrade`` be ``forward_only``.
"""

from __future__ import annotations


def forward_only() -> None:
    """Refuse to go back: an older program meets its data again through a backup."""
    raise NotImplementedError(
        "データベースを前の版へ戻すことはできません。バックアップから戻してください。"
    )
