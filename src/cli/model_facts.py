"""What is known of a saved model, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from src.cli.terminal_text import plain, time_said

if TYPE_CHECKING:
    from src.ml.model_facts import ModelFacts
    from src.ml.signature import Feature

_MOST_CATEGORIES = 8


def facts_table(facts: ModelFacts) -> Table:
    """Return what a person judges a model by, a row a thing; what is not known is left out."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for what, value in _facts(facts).items():
        if value:
            table.add_row(f"[dim]{what}[/]", plain(value))
    return table


def features_table(facts: ModelFacts) -> Table | None:
    """Return what a model takes, a row a feature, in order; None where that is not known."""
    if facts.signature is None:
        return None
    table = Table("Feature", "Type", "Unit", "In training", box=None, pad_edge=False)
    for feature in facts.signature.features:
        table.add_row(plain(feature.name), feature.type, plain(feature.unit), plain(_seen(feature)))
    return table


def _facts(facts: ModelFacts) -> dict[str, str]:
    signature, decision = facts.signature, facts.decision
    return {
        "Name": f"{facts.name}, version {facts.version}",
        "Type": facts.model_type,
        "Target": facts.target,
        "Classes": ", ".join(map(str, signature.classes)) if signature else "",
        "Decides": f"for {decision.positive} from a probability of {decision.threshold:g} on" if decision else "",
        **_scores(facts),
        **_training(facts),
        "Trained": f"{time_said(facts.trained_at)} UTC" if facts.trained_at else "",
        "Saved": f"{time_said(facts.saved_at)} UTC" + (f" by {facts.saved_by}" if facts.saved_by else ""),
        "Imported": f"it was {facts.origin.name}, version {facts.origin.version}, there" if facts.origin else "",
        "Size": "file missing" if facts.size_bytes is None else f"{facts.size_bytes:,} bytes",
        "SHA-256": facts.sha256,
        "Notes": facts.notes,
    }


def _scores(facts: ModelFacts) -> dict[str, str]:
    trial = facts.trial
    if trial is None:
        return {"Metrics": ", ".join(f"{name} {value:.4g}" for name, value in facts.metrics.items())}
    folds = "" if facts.score is None else f"{trial.metric} {facts.score:.4f} over {trial.folds} folds"
    if trial.holdout is None:
        return {"Score": folds}
    scores = ", ".join(f"{name} {value:.4f}" for name, value in trial.holdout.metrics.items() if value is not None)
    decided = ", decided by its threshold" if trial.by_threshold else ""
    return {"Score": folds, "Holdout": f"{scores} ({trial.holdout_rows:,} rows, split {trial.split}{decided})"}


def _training(facts: ModelFacts) -> dict[str, str]:
    training = facts.training
    if training is None:
        return {}
    span = f", {training.start[:16]} to {(training.end or '')[:16]} UTC".replace("T", " ") if training.start else ""
    return {"Training": f"{training.rows:,} rows of {training.source or 'a table'}{span}"}


def _seen(feature: Feature) -> str:
    if feature.categories:
        more = len(feature.categories) - _MOST_CATEGORIES
        return ", ".join(feature.categories[:_MOST_CATEGORIES]) + (f" and {more} more" if more > 0 else "")
    if feature.minimum is None or feature.maximum is None:
        return ""
    return f"{feature.minimum:.5g} to {feature.maximum:.5g}"
