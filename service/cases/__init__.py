"""Cases (相談): what the desk decided for a person, whom it connected, and what came of it.

Only masked text comes here.  The note itself is neither stored nor passed in.
"""
