"""The desk's database: SQLite on one machine, PostgreSQL for more than one.

How to stand on it::

    engine = open_store(settings.store_url)
    migrate(engine)
    with writing(engine) as conn:
        person = accounts.add_person(conn, login="hanako", display_name="花子", now=now)
        audit.append(conn, audit.Event(actor, "person.add", subject=("person", person.id)), now)

``writing`` holds the store's one write lock from its first statement on, so a function may
read, decide and write without another writer coming in between.  The query modules take the
connection first and return frozen dataclasses.  No table holds the text of a note.
"""
