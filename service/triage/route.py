"""Step 6, route: refer, show the way to another section, ask more, or say that nothing fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.triage.models import Assessment, Reading, Route

OTHER_DEPARTMENT = "none.other_dept"
INSUFFICIENT = "none.insufficient"
# Below this probability the best category is a guess: no development case lies there, and of
# the ranker's writers' 549 welfare notes at most 6.
NOTHING_FITS = 0.12
_MIN_CONTENT_WORDS = 2
# On the development cases and the ranker's writers: 0.7 sees 0.86 of the errands and empty
# notes for what they are and turns away 4 in 1,000 of the others; 0.5 turns away 8.
_NONE_AGAINST_WELFARE = 0.7


def decide_route(
    reading: Reading, assessment: Assessment, codes: Sequence[str], scores: NDArray[np.float32]
) -> Route:
    """Return the route of a note.

    A red flag always refers.  Where no trouble was read and every category is a guess,
    nothing fits.  Otherwise the two 'no welfare' categories compete with the best welfare
    one on their scores.
    """
    if assessment.red_flags:
        return "refer"
    by_code = dict(zip(codes, scores, strict=True))
    welfare = [p for p in assessment.problems if p.categories[0] != OTHER_DEPARTMENT]
    best_welfare = max(score for code, score in by_code.items() if not code.startswith("none."))
    # Different words: one syllable typed forty times says nothing.
    content_words = {token.normalised for token in reading.tokens if token.is_content}
    if not welfare and len(content_words) < _MIN_CONTENT_WORDS:
        return "insufficient"
    if not assessment.problems and max(by_code.values()) < NOTHING_FITS:
        return "none"
    best_none = max((OTHER_DEPARTMENT, INSUFFICIENT), key=lambda code: by_code[code])
    if by_code[best_none] > best_welfare * _NONE_AGAINST_WELFARE:
        return "other_department" if best_none == OTHER_DEPARTMENT else "insufficient"
    return "refer"
