"""`python -m src …` is the command line."""

from src.api.command import app as api
from src.cli import app, main

app.add_typer(api, name="api")

if __name__ == "__main__":
    main()
