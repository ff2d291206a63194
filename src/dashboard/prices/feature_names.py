"""The features of prices in words."""

from __future__ import annotations

from src.dashboard.locale import _, ngettext


def feature_name(feature: str) -> str:
    """Say what a feature is; one that is not known keeps its name."""
    if feature in (calendar := _calendar()):
        return calendar[feature]
    stem, _mark, days = feature.rpartition("_")
    if stem == "price_lag":
        return ngettext("price {count} day before", "price {count} days before", int(days))
    if stem == "quantity_lag":
        return ngettext("quantity {count} day before", "quantity {count} days before", int(days))
    template = _by_days().get(stem)
    return template.format(days=days) if template else feature


def _calendar() -> dict[str, str]:
    return {
        "day_of_week": _("day of the week"),
        "day_of_month": _("day of the month"),
        "week_of_year": _("week of the year"),
        "month": _("month"),
        "quarter": _("quarter"),
        "is_weekend": _("weekend"),
        "is_month_start": _("first day of the month"),
        "is_month_end": _("last day of the month"),
        "is_holiday": _("holiday"),
        "days_to_holiday": _("days to the next holiday"),
        "days_from_holiday": _("days since the last holiday"),
        "days_ahead": _("days ahead"),
        "price_vs_ma7": _("price against its mean of 7 days"),
        "price_vs_ma30": _("price against its mean of 30 days"),
    }


def _by_days() -> dict[str, str]:
    return {
        "price_rolling_mean": _("mean price, {days} days"),
        "price_rolling_std": _("spread of the price, {days} days"),
        "price_rolling_min": _("lowest price, {days} days"),
        "price_rolling_max": _("highest price, {days} days"),
        "quantity_rolling_mean": _("mean quantity, {days} days"),
        "quantity_rolling_std": _("spread of the quantity, {days} days"),
        "quantity_rolling_sum": _("sum of the quantities, {days} days"),
        "price_volatility": _("relative spread of the price, {days} days"),
    }
