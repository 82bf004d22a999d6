"""Importing what towns publish: tables in, a plan the keeper reads, records out.

The way of a file: :mod:`tables` reads it, :mod:`recognise` says which form it is,
:mod:`drafts` turns rows into draft records (with the readers phones, dates, hours,
addresses …), :mod:`plan` holds them against what is there, :mod:`apply` carries the
plan out.  :mod:`run` is the whole way in two calls.  Nothing here writes anywhere.
"""

from __future__ import annotations

import os

# python-docx brings lxml, and openpyxl would then read workbooks with it instead of defusedxml,
# which refuses entities and files from elsewhere.  Said before openpyxl is first imported.
os.environ["OPENPYXL_LXML"] = "False"
