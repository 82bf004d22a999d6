"""Finding personal data in a note and replacing it by roles, before anything is kept."""

from service.triage.masking.find import find_personal
from service.triage.masking.gazetteer import Gazetteer, gazetteer_of
from service.triage.masking.models import Found, Kind, Masked, mask

__all__ = ["Found", "Gazetteer", "Kind", "Masked", "find_personal", "gazetteer_of", "mask"]
