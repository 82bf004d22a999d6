"""What the desk page shows, filled from a triage and read by one template."""

from service.page.desk_page import DeskPage, Offers, answer_page
from service.page.marks import Segment, mark_note

__all__ = ["DeskPage", "Offers", "Segment", "answer_page", "mark_note"]
