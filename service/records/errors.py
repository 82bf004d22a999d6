"""What can go wrong with a record, in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping

from service.errors import BadInput, DeskError


class BadFields(BadInput):
    """Some fields cannot be kept as given; nothing was written.  ``faults``: field → remedy."""

    code = "bad_fields"

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__("直すところがあります。" + "".join(self.faults.values()))


class Changed(DeskError):
    """Somebody else changed it in the meantime; nothing was written."""

    code = "changed"
    status = 409

    def __init__(self, what: str = "") -> None:
        super().__init__(f"{what}ほかの人が変えました。もう一度確かめてください。")
