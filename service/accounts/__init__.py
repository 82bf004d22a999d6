"""Who is asking, and what they may do: people, passwords, sessions and the table of rights.

Every function takes the store's engine and the time, and writes its audit row in the same
transaction as the change.  Nothing here knows of HTTP, pages or commands, and nothing checks
rights on its own: the caller asks ``rights.allowed`` first.
"""
