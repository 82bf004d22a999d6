"""A town's records as the desk keeps them: seen, edited, verified, imported, and read as knowledge.

Everything that changes something takes ``actor`` (the audit's name for who does it: a person's
id, ``single-user`` or ``command``) and ``now``, is one transaction with its audit event, and moves
the town's revision on, by which the running service notices that a new release is due.
"""
