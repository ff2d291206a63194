"""What verdicts are called, and how they look."""

from __future__ import annotations

from src.dashboard.locale import translated
from src.ml.anomaly_verdicts import VERDICT_NAMES, VerdictKind

VERDICT_COLOURS = {
    VerdictKind.REAL: "#D55E00",
    VerdictKind.FALSE: "#009E73",
    VerdictKind.PLANNED: "#56B4E9",
    VerdictKind.SENSOR_FAULT: "#CC79A7",
}
VERDICT_ICONS = {
    VerdictKind.REAL: "error",
    VerdictKind.FALSE: "notifications_off",
    VerdictKind.PLANNED: "event_available",
    VerdictKind.SENSOR_FAULT: "sensors_off",
}


def verdict_name(kind: str) -> str:
    """Return what people call a kind of verdict."""
    return translated(VERDICT_NAMES[VerdictKind(kind)])
