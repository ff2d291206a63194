"""A model card: everything that one needs to judge a saved model, as a Markdown file that can be passed on.

Source of the form: Mitchell et al. 2019, "Model Cards for Model Reporting". It is in English, for whoever gets it may
read any language.
"""

from __future__ import annotations

import math
import shlex
from datetime import datetime

from src.evaluation.holdout import Holdout
from src.evaluation.metrics import metrics_for
from src.ml.markdown import literal, quotation, table
from src.ml.model_facts import ModelFacts, Training, Trial
from src.ml.signature import Feature, Signature

_MOST_CLASSES = 20
_MOST_CATEGORIES = 12
_UNKNOWN = "not known"
_SPLITS = {
    "random": "random: rows like those of the training; says little about times to come",
    "time": "by time: the latest rows",
}


def model_card(facts: ModelFacts) -> str:
    """Write the card of one version of a model.

    Parameters
    ----------
    facts : ModelFacts
        What is known of it; what is not known is said so.

    Returns
    -------
    str
        Markdown with tables. What comes from data or people is shown letter by letter.
    """
    sections = {
        f"{literal(facts.name)}, version {facts.version}": _summary(facts),
        "Purpose and notes": quotation(facts.notes) or "Nobody noted what it is for.",
        "What it takes": _takes(facts.signature),
        "What it was trained on": _trained_on(facts.training),
        "How it was chosen": _chosen(facts.trial, facts.task, decides=facts.decision is not None),
        "On rows that nobody trained on": _holdout(facts),
        "Limits of use": _limits(facts),
        "How to use it": _use(facts),
        "What it is made of": _made_of(facts),
    }
    first, *others = sections.items()
    return (
        "\n\n".join([f"# Model card: {first[0]}", first[1], *(f"## {title}\n\n{text}" for title, text in others)])
        + "\n"
    )


def card_name(facts: ModelFacts) -> str:
    """Return what the file of a card is called."""
    return f"{facts.name} v{facts.version} card.md"


def _summary(facts: ModelFacts) -> str:
    rows: list[list[object]] = [
        ["Type", facts.model_type],
        ["Task", facts.task],
        ["Target", _with_unit(facts.target, facts.signature.target_unit if facts.signature else "")],
        ["Saved", _when(facts.saved_at)],
        ["Saved by", facts.saved_by or _UNKNOWN],
        ["Trained", _when(facts.trained_at)],
    ]
    if facts.signature and facts.signature.classes:
        rows.insert(3, ["Classes", ", ".join(map(str, facts.signature.classes[:_MOST_CLASSES]))])
    if facts.decision:
        rows.append(["Decides", f"for {facts.decision.positive} from a probability of {facts.decision.threshold:g} on"])
    if facts.origin:
        came = f"from another installation, where it was {facts.origin.name!r}, version {facts.origin.version}"
        rows.append(["Came", f"{came}, at {_minute(facts.origin.at)} UTC"])
    return table(["", ""], rows)


def _takes(signature: Signature | None) -> str:
    if signature is None:
        return "It was saved without a signature: which values it takes, and in which order, is not known."
    header = ["#", "Feature", "Type", "Unit", "Lowest in training", "Median", "Highest in training", "Categories"]
    return table(header, [[number, *_feature(each)] for number, each in enumerate(signature.features, 1)])


def _feature(feature: Feature) -> list[object]:
    more = len(feature.categories) - _MOST_CATEGORIES
    categories = ", ".join(feature.categories[:_MOST_CATEGORIES]) + (f" and {more} more" if more > 0 else "")
    span = [_number(value) for value in (feature.minimum, feature.typical, feature.maximum)]
    return [feature.name, feature.type, feature.unit, *span, categories]


def _trained_on(training: Training | None) -> str:
    if training is None:
        return "Not known."
    return table(
        ["", ""],
        [
            ["Source", "the plant's readings" if training.source == "plant" else training.source or _UNKNOWN],
            ["Rows", f"{training.rows:,}"],
            ["From (UTC)", _minute(training.start)],
            ["To (UTC)", _minute(training.end)],
            ["Fingerprint of the values (SHA-256)", training.sha256 or _UNKNOWN],
        ],
    )


def _chosen(trial: Trial | None, task: str, *, decides: bool) -> str:
    if trial is None:
        return "It does not come from a comparison, so it is not known what it was chosen over."
    facts: list[list[object]] = [
        ["Ranked by", trial.metric],
        ["Cross-validation", f"{trial.folds} folds on {trial.train_rows:,} rows"],
        ["Rows held out", f"{trial.holdout_rows:,}; {_SPLITS.get(trial.split, f'split {trial.split}')}"],
        ["Seed", trial.seed],
    ]
    if decides:
        facts.append(["Decided", "for the more probable class, in the folds"])
    parts = [table(["", ""], facts)]
    if trial.result:
        result = trial.result
        scores: list[list[object]] = [
            [
                metric.name,
                _score(result.metrics.get(metric.name)),
                _score(result.spread.get(metric.name)),
                metric.meaning,
            ]
            for metric in metrics_for(task)
        ]
        parts.append(table(["Metric", "Mean over the folds", "Standard deviation", "What it says"], scores))
    if trial.leaderboard:
        places: list[list[object]] = [
            [place, each.name, _score(each.score)] for place, each in enumerate(trial.leaderboard, 1)
        ]
        parts.append(f"It was compared with:\n\n{table(['Place', 'Candidate', literal(trial.metric)], places)}")
    return "\n\n".join(parts)


def _holdout(facts: ModelFacts) -> str:
    trial, task = facts.trial, facts.task
    if trial is None or trial.holdout is None:
        return "It was not tried on rows held out, or what came out is not known: do not rely on it before it was."
    holdout = trial.holdout
    scores: list[list[object]] = [
        [metric.name, _score(holdout.metrics.get(metric.name))] for metric in metrics_for(task)
    ]
    if holdout.brier is not None:
        scores.append(["Brier score", _score(holdout.brier)])
    parts = [f"{holdout.rows:,} rows. {_how_decided(facts)}".strip(), table(["Metric", "Value"], scores)]
    if len(holdout.labels) == 2:
        parts.append(f"Recall, Precision and F1 are those of {literal(holdout.labels[1])}.")
    parts.append(_confusion(holdout) if holdout.labels else _errors(holdout))
    if holdout.calibration and len(holdout.labels) <= _MOST_CLASSES:
        parts.append(_calibration(holdout))
    return "\n\n".join(parts)


def _how_decided(facts: ModelFacts) -> str:
    """Say which decisions the figures of the holdout are of."""
    decision = facts.decision
    if decision is None:
        return ""
    if not (facts.trial and facts.trial.by_threshold):
        return "The figures are of the more probable class, not of the threshold that the model decides by."
    text = f"Decided by its threshold: {literal(decision.positive)} from a probability of {decision.threshold:g} on. "
    if decision.false_alarm is not None and decision.missed is not None:
        text += f"A false alarm was taken to cost {decision.false_alarm:g}, a missed one {decision.missed:g}. "
    return text + "The threshold was chosen on these rows, so that others may be decided a little worse."


def _confusion(holdout: Holdout) -> str:
    if len(holdout.labels) > _MOST_CLASSES:
        return f"The confusion matrix has {len(holdout.labels)} classes and is left out; the Models page draws it."
    header = ["actual ↓ predicted →", *map(literal, holdout.labels), "rows", "found"]
    rows: list[list[object]] = []
    for place, (label, counts) in enumerate(zip(holdout.labels, holdout.confusion, strict=True)):
        total = sum(counts)
        found = f"{counts[place] / total:.1%}" if total else "–"
        rows.append([label, *(f"{count:,}" for count in counts), f"{total:,}", found])
    return f"Confusion matrix, in rows:\n\n{table(header, rows)}"


def _calibration(holdout: Holdout) -> str:
    """Say how often a class was the case among the rows that were given it with about the same probability."""
    curves = holdout.calibration[1:] if len(holdout.labels) == 2 else holdout.calibration  # the other one mirrors it
    rows: list[list[object]] = [
        [curve.label, f"{said:.1%}", f"{was:.1%}", f"{count:,}"]
        for curve in curves
        for said, was, count in zip(curve.predicted, curve.observed, curve.rows, strict=True)
    ]
    header = ["Class", "Probability given, on average", "Share that was so", "Rows"]
    return f"Calibration, in groups of rows with about the same probability:\n\n{table(header, rows)}"


def _errors(holdout: Holdout) -> str:
    errors = sorted(
        abs(actual - predicted) for actual, predicted in zip(holdout.actual, holdout.predicted, strict=True)
    )
    shares = (0.5, 0.9, 0.95, 1.0)
    rows: list[list[object]] = [
        [f"{share:.0%}", _number(errors[max(math.ceil(share * len(errors)) - 1, 0)])] for share in shares
    ]
    return f"Absolute errors, in the target's unit:\n\n{table(['Share of rows', 'Error at most'], rows)}"


def _limits(facts: ModelFacts) -> str:
    signature, trial = facts.signature, facts.trial
    limits = [
        "It knows what it was trained on. Inputs outside the ranges above, or categories that are not listed, are new "
        "to it: Farol marks such predictions, and they may be wrong without looking so.",
    ]
    if trial and trial.split == "random":
        limits.append(
            "Its rows held out were picked at random. Rows of a later time, or of other machines, may be harder."
        )
    if trial and trial.holdout and trial.holdout.calibration:
        limits.append(
            "A probability is the model's own estimate: how far it can be believed is in the table of calibration."
        )
    if facts.task == "regression" and trial and trial.holdout:
        limits.append("It gives one value without an interval; the errors above are what to expect of rows like those.")
    if signature is None:
        limits.append("Without a signature nobody checks what goes into it.")
    if facts.has_cases:
        limits.append(
            "Rows of its training table are kept with it, and go with its export: pass it on as you would them."
        )
    if facts.training and facts.training.end:
        limits.append(
            f"It has seen nothing later than {literal(_minute(facts.training.end))} UTC. Compare it anew as data grows."
        )
    limits.append("Opening a model file runs code that is in it: take one only from people you trust.")
    return "\n".join(f"- {limit}" for limit in limits)


def _use(facts: ModelFacts) -> str:
    name = shlex.quote("".join(filter(str.isprintable, facts.name)))  # a registry from elsewhere may have any
    return "\n".join(
        [
            "On the dashboard: *Predict by hand*. On the command line:",
            "",
            *("```sh", f"python -m src predict --model {name} --data FILE.csv --out FILE.csv", "```"),
            "",
            "In Python, with the columns above in this order:",
            "",
            "```python",
            "from src.ml.saved_models import load_saved",
            "from src.ml.prediction import predict_rows",
            "",
            f"saved = load_saved({facts.name!r}, {facts.version})",
            "outcomes, probabilities = predict_rows(saved.model, saved.signature, frame)",
            "```",
            "",
            "On another installation:",
            "",
            *("```sh", "python -m src models import FILE.zip", f"python -m src models trust {name}", "```"),
        ]
    )


def _made_of(facts: ModelFacts) -> str:
    rows: list[list[object]] = [
        ["SHA-256 of the file", facts.sha256 or _UNKNOWN],
        ["Size", _UNKNOWN if facts.size_bytes is None else f"{facts.size_bytes:,} bytes"],
    ]
    rows += [[library, version] for library, version in sorted(facts.libraries.items())]
    return table(["", ""], rows)


def _with_unit(text: str, unit: str) -> str:
    return f"{text} ({unit})" if unit else text


def _minute(text: str | None) -> str:
    """Shorten a time of a sidecar, ISO 8601 in UTC; one from elsewhere may have any text there."""
    return text[:16].replace("T", " ") if text else _UNKNOWN


def _when(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else _UNKNOWN


def _score(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.4f}" if abs(value) < 100 else f"{value:.6g}"


def _number(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.6g}"
