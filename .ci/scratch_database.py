"""A database of its own on the local PostgreSQL, for one run of the tests.

`create` writes its URL, or ends with code 1 where no server lets us in; `drop URL` removes it. User and password
come from PGUSER and PGPASSWORD, where these are set.
"""

from __future__ import annotations

import os
import secrets
import sys
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

HOST, PORT = "127.0.0.1", 5432


def connect(user: str) -> psycopg.Connection:
    """Connect to the server's own database, waiting for no transaction."""
    return psycopg.connect(host=HOST, port=PORT, dbname="postgres", user=user, connect_timeout=3, autocommit=True)


def create() -> str | None:
    """Make an empty database and return its URL; none where that is not possible."""
    user, name = os.environ.get("PGUSER", "postgres"), f"farol_test_{secrets.token_hex(4)}"
    try:
        with connect(user) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        sys.stderr.write(f"{error}\n")
        return None
    return f"postgresql://{user}@{HOST}:{PORT}/{name}"


def drop(url: str) -> None:
    """Remove a database that `create` made, whoever is still connected to it."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    with connect(parts.username or "postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def main() -> None:
    """Do what the first argument says."""
    if sys.argv[1:] == ["create"]:
        url = create()
        if url is None:
            sys.exit(1)
        sys.stdout.write(url)
    elif len(sys.argv) == 3 and sys.argv[1] == "drop":
        drop(sys.argv[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
