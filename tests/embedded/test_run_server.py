"""The run's own server, as every test of the platform gets it."""

import psycopg


def test_database_url_answers(database_url: str) -> None:
    with psycopg.connect(database_url) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)
