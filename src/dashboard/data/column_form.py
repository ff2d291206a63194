"""What the columns of a file are: filled in as guessed, to be put right by a person."""

from __future__ import annotations

import zlib

import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.locale import _
from src.sensors.imports.columns import ColumnMapping, as_wide
from src.sensors.imports.importer import ImportOptions
from src.sensors.imports.preview import Preview
from src.sensors.sensor_manager import create_sensor_manager

LONG, WIDE = "long", "wide"
_MOST_ASKED = 30
"""Columns of a wide table that are asked about one by one; of more, the names must be those of the sensors."""


def ask_for_columns(preview: Preview) -> ColumnMapping:
    """Ask what each column is."""
    st.subheader(_("What the columns are"), anchor=False)
    labels = {LONG: _("One reading a row"), WIDE: _("One column a sensor")}
    layout = st.segmented_control(
        _("Layout"),
        list(labels),
        format_func=labels.__getitem__,
        default=LONG if preview.mapping.is_long else WIDE,
        required=True,
        key=_key(preview, "layout"),
        persist_state="session",
    )
    return _ask_long(preview) if layout == LONG else _ask_wide(preview)


def _ask_long(preview: Preview) -> ColumnMapping:
    labels = {"timestamp": _("Time"), "sensor": _("Sensor"), "value": _("Value")}
    row = st.container(horizontal=True)
    roles = {role: _ask_role(row, preview, role, label) for role, label in labels.items()}
    optional = {"quality": _("Quality code"), "equipment": _("Machine of a new sensor")}
    row = st.container(horizontal=True)
    roles |= {role: _ask_optional(row, preview, role, label) for role, label in optional.items()}
    return ColumnMapping(**roles)  # type: ignore[arg-type]


def _ask_optional(row: st.delta_generator.DeltaGenerator, preview: Preview, role: str, label: str) -> str | None:
    options, nothing = ["", *preview.columns], _("no column")
    chosen = row.selectbox(
        label,
        options,
        index=options.index(getattr(preview.mapping, role) or ""),
        format_func=lambda column: column or nothing,
        key=_key(preview, role),
        persist_state="session",
        width=260,
    )
    return chosen or None


def _ask_role(row: st.delta_generator.DeltaGenerator, preview: Preview, role: str, label: str) -> str | None:
    guessed = getattr(preview.mapping, role)
    return row.selectbox(
        label,
        preview.columns,
        index=None if guessed is None else preview.columns.index(guessed),
        placeholder=_("Choose a column"),
        key=_key(preview, role),
        persist_state="session",
        width=220,
    )


def _ask_wide(preview: Preview) -> ColumnMapping:
    timestamp = _ask_role(st.container(horizontal=True), preview, "timestamp", _("Time"))
    guessed = as_wide(preview.columns, timestamp)
    columns = st.multiselect(
        _("Columns that hold readings"),
        [column for column in preview.columns if column != timestamp],
        default=list(guessed.sensors),
        key=_key(preview, f"sensors_{timestamp}"),
        persist_state="session",
    )
    sensors = {column: column for column in columns}
    if 0 < len(columns) <= _MOST_ASKED:
        known = [sensor.display_name for sensor in create_sensor_manager().get_all_sensors()]
        unknown = [column for column in columns if column not in known]
        with st.expander(_("Which sensor each column is"), expanded=bool(unknown and known), key="which_sensor"):
            for column in columns:
                sensors[column] = _ask_sensor(preview, column, known)
    return ColumnMapping(timestamp=timestamp, sensors=sensors)


def _ask_sensor(preview: Preview, column: str, known: list[str]) -> str:
    return st.selectbox(
        plain(column),
        list(dict.fromkeys([column, *known])),
        key=_key(preview, f"sensor_{column}"),
        persist_state="session",
        width=320,
    )


def ask_for_options(preview: Preview) -> ImportOptions:
    """Ask what an import may do beside adding readings."""
    create = st.toggle(
        _("Create sensors that there are not"),
        key=_key(preview, "create"),
        persist_state="session",
        help=_("Otherwise a sensor that is not known is an error: a name may be misspelt."),
    )
    equipment = sensor_type = unit = ""
    if create:
        with st.container(horizontal=True):
            equipment = st.text_input(
                _("Machine"), max_chars=200, key="new_equipment", persist_state="session", width=220
            )
            sensor_type = st.text_input(_("Quantity"), max_chars=50, key="new_type", persist_state="session", width=220)
            unit = st.text_input(_("Unit"), max_chars=50, key="new_unit", persist_state="session", width=120)
    replace = st.toggle(
        _("Replace stored readings that differ"),
        key=_key(preview, "replace"),
        persist_state="session",
        help=_("Otherwise a reading that is stored with another value is an error."),
    )
    return ImportOptions(create, replace, equipment, sensor_type, unit)


def _key(preview: Preview, what: str) -> str:
    """The key of a widget. What a person said of one file does not hold for another of the same name."""
    header = zlib.crc32("\0".join(preview.columns).encode())
    return f"{what}_{preview.name}_{header:08x}"
