"""Papers made from one case: for the person, the next agency, the meeting, and an emergency.

Text goes in and out as plain lines; a reading stands as ``漢字《かんじ》`` and is shown above.
"""
