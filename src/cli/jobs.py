"""`python -m src jobs …`: background work, seen and steered from a terminal."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from src.cli.terminal_text import shown

if TYPE_CHECKING:
    from src.jobs import Job

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Background work: look, cancel, try again.")

JobId = Annotated[str, typer.Argument(help="Identifier of the job, as in the list.")]
_COLOURS = {"running": "cyan", "done": "green", "failed": "red", "lost": "red", "cancelled": "yellow"}


@app.callback()
def _before() -> None:
    """Have the tables ready: these may be the first words that are typed."""
    from src.database.migrate import upgrade_database

    upgrade_database()


@app.command("list")
def list_all(limit: Annotated[int, typer.Option(min=1, help="So many, the newest first.")] = 20) -> None:
    """List the newest jobs.

    Example: `python -m src jobs list --limit 5`
    """
    from src.jobs import list_jobs

    jobs = list_jobs(limit)
    if not jobs:
        typer.echo("There are no jobs yet.")
        return
    table = Table("Job", "Title", "State", "Progress", "Created", box=None, pad_edge=False)
    for job in jobs:
        table.add_row(
            job.job_id,
            Text(shown(str(job.title))),
            _state(job),
            f"{job.progress:.0%}",
            _moment(job.created_at),
        )
    Console().print(table)


@app.command()
def show(
    job_id: JobId, result: Annotated[bool, typer.Option("--result", help="Only its result, as JSON.")] = False
) -> None:
    """Show one job.

    Example: `python -m src jobs show 5f0c2a9b1d3e4f67`
    """
    from src.jobs import get_job

    job = get_job(job_id)
    if result:
        typer.echo(json.dumps(job.result, indent=2))
        return
    _print(job)


@app.command()
def cancel(job_id: JobId) -> None:
    """Cancel a job that waits or runs; what it has reported is kept.

    Example: `python -m src jobs cancel 5f0c2a9b1d3e4f67`
    """
    from src.jobs import cancel as cancel_job

    _print(cancel_job(job_id))


@app.command()
def retry(job_id: JobId) -> None:
    """Submit a job that has ended once more, as a new one.

    Example: `python -m src jobs retry 5f0c2a9b1d3e4f67`
    """
    from src.jobs import retry as retry_job

    _print(retry_job(job_id))


@app.command()
def log(job_id: JobId) -> None:
    """Print what a job has logged.

    Example: `python -m src jobs log 5f0c2a9b1d3e4f67`
    """
    from src.jobs import read_log

    typer.echo(read_log(job_id), nl=False)


def _print(job: Job) -> None:
    facts = Table(box=None, show_header=False, pad_edge=False)
    for name, value in (
        ("Job", job.job_id),
        ("Title", Text(shown(str(job.title)))),
        ("State", _state(job)),
        ("Progress", f"{job.progress:.0%}"),
        ("Doing", Text(shown(job.message))),
        ("Why", Text(shown(str(job.error))) if job.error else ""),
        ("Created", _moment(job.created_at)),
        ("Started", _moment(job.started_at)),
        ("Ended", _moment(job.finished_at)),
    ):
        if value:
            facts.add_row(f"[dim]{name}[/]", value)
    Console().print(facts)


def _state(job: Job) -> Text:
    return Text(job.state, style=_COLOURS.get(job.state, ""))


def _moment(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else ""
