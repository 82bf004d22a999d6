"""What the town learns from its cases: figures for the coordinator, the chief and the ministry.

Counts only.  Where a table crosses attributes of persons, small counts are withheld
(``suppress``).  How each figure is counted stands in docs/learning.md.
"""
