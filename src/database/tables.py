"""The tables, once, for SQLite and PostgreSQL alike. Alembic's migrations follow them (a test compares both)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    true,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator):
    """A UTC-aware datetime: microseconds since 1970 in SQLite (small and sortable), timestamptz in PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the column."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return what is stored; a time without a zone is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; times are UTC-aware here.")
        return (value - EPOCH) // _MICROSECOND if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return what was stored, in UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return EPOCH + value * _MICROSECOND
        return value.astimezone(UTC)


class Day(TypeDecorator):
    """A date: days since 1970 in SQLite (small and sortable), date in PostgreSQL."""

    impl = Date()
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        return (value - EPOCH.date()).days if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return EPOCH.date() + timedelta(days=value) if value is not None and dialect.name == "sqlite" else value


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

sensors = Table(
    "sensors",
    metadata,
    Column("sensor_id", Integer, primary_key=True),
    Column("display_name", String(200), nullable=False, unique=True),
    Column("equipment", String(200), nullable=False),
    Column("platform", String(200), nullable=False, server_default=""),
    Column("sensor_type", String(50), nullable=False),
    Column("unit", String(50), nullable=False, server_default=""),
    Column("physical_min", Float),
    Column("physical_max", Float),
    Column("warning_low", Float),
    Column("warning_high", Float),
    Column("critical_low", Float),
    Column("critical_high", Float),
    Column("enabled", Boolean, nullable=False, server_default=true()),
)

sensor_readings = Table(
    "sensor_readings",
    metadata,
    Column("sensor_id", ForeignKey("sensors.sensor_id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("timestamp", UtcDateTime, primary_key=True),
    Column("value", Float),
    Column("data_quality", SmallInteger, nullable=False, server_default="0"),
    sqlite_with_rowid=False,  # the rows are kept in the order of the key, so a sensor's history is read in one sweep
)

equipment_events = Table(
    "equipment_events",
    metadata,
    Column("event_id", Integer, primary_key=True),
    Column("equipment", String(200), nullable=False),
    Column("kind", String(50), nullable=False),  # warning, failure, maintenance
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "equipment", "started_at"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(32), primary_key=True),
    Column("kind", String(50), nullable=False),
    Column("title", Text, nullable=False, server_default=""),  # a note, as JSON
    Column("parameters", JSON, nullable=False),
    Column("state", String(20), nullable=False),  # queued, running, done, failed, cancelled, lost
    Column("progress", Float, nullable=False, server_default="0"),  # 0 to 1
    Column("message", Text, nullable=False, server_default=""),
    Column("result", JSON),  # partial while it runs, whole when it is done
    Column("error", Text),  # a note, as JSON
    Column("host", String(200)),
    Column("pid", Integer),
    Column("pid_created", Float),  # start of the process, so that a reused pid is never signalled
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("heartbeat_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Index(None, "state", "created_at"),
)

predictions = Table(
    "predictions",
    metadata,
    Column("prediction_id", Integer, primary_key=True),
    Column("model_name", String(100), nullable=False),
    Column("model_version", Integer, nullable=False),
    Column("predicted_at", UtcDateTime, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("outcome", JSON, nullable=False),  # the class or the value
    Column("probabilities", JSON),
    Column("milliseconds", Float, nullable=False),
    Column("predicted_by", String(200), nullable=False, server_default=""),
    Column("actual", JSON(none_as_null=True)),  # what it really was, where somebody has said so
    Column("actual_by", String(200)),
    Column("actual_at", UtcDateTime),
    Index(None, "model_name", "predicted_at"),
)

ml_predictions = Table(
    "ml_predictions",
    metadata,
    Column("prediction_id", Integer, primary_key=True),
    Column("sensor_id", ForeignKey("sensors.sensor_id", ondelete="CASCADE"), nullable=False),
    Column("model_type", String(20), nullable=False),  # ANOMALY_DETECTOR, FORECASTER
    Column("model_version", Integer),
    Column("prediction_timestamp", UtcDateTime, nullable=False),  # the time that it speaks of
    Column("forecasted_value", Float),
    Column("confidence_low", Float),
    Column("confidence_high", Float),
    Column("anomaly_score", Float),  # 0 to 1
    Column("is_anomaly", Boolean),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "sensor_id", "model_type", "prediction_timestamp"),
    Index(None, "created_at"),
)

forecasts = Table(
    "forecasts",
    metadata,
    Column("forecast_id", Integer, primary_key=True),
    Column("sensor_id", ForeignKey("sensors.sensor_id", ondelete="CASCADE"), nullable=False),
    Column("model", String(50), nullable=False),
    Column("model_version", Integer, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("first_target", UtcDateTime, nullable=False),
    Column("interval_seconds", Integer, nullable=False),
    Index(None, "sensor_id", "first_target"),
    Index(None, "issued_at"),
)

forecast_steps = Table(
    "forecast_steps",
    metadata,
    Column(
        "forecast_id", ForeignKey("forecasts.forecast_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    # From 1. What is forecast is the mean from first_target + (step - 1) * interval_seconds up to the next such time.
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("value", Float, nullable=False),
    Column("low_80", Float, nullable=False),
    Column("high_80", Float, nullable=False),
    Column("low_95", Float, nullable=False),
    Column("high_95", Float, nullable=False),
    sqlite_with_rowid=False,  # the steps of a forecast lie side by side
)

anomaly_verdicts = Table(
    "anomaly_verdicts",
    metadata,
    Column("verdict_id", Integer, primary_key=True),
    Column("sensor_id", ForeignKey("sensors.sensor_id", ondelete="CASCADE"), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("kind", String(20), nullable=False),  # real, false, planned, sensor_fault
    Column("note", Text, nullable=False, server_default=""),
    Column("decided_by", String(200), nullable=False),  # empty where nobody gave a name
    Column("decided_at", UtcDateTime, nullable=False),
    Index(None, "sensor_id", "started_at"),
)

products = Table(
    "products",
    metadata,
    Column("product_id", Integer, primary_key=True),
    Column("sku", String(100), nullable=False, unique=True),
    Column("name", String(200), nullable=False, server_default=""),
    Column("category", String(200), nullable=False, server_default=""),
    Column("origin", String(20), nullable=False),  # generated, imported
)

product_history = Table(
    "product_history",
    metadata,
    Column("product_id", ForeignKey("products.product_id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("date", Day, primary_key=True),
    Column("price", Float, nullable=False),
    Column("quantity", Float, nullable=False),
    sqlite_with_rowid=False,  # as with readings: a product's history is read in one sweep
)

modelos_predicao = Table(
    "modelos_predicao",
    metadata,
    Column("sku", String(100), primary_key=True),  # no foreign key: a model outlives the history it was made from
    Column("version", String(16), primary_key=True),  # a time in UTC, such as 20251016T193000Z
    Column("path", String(200), nullable=False),  # of the folder, below the folder of price models
    Column("metrics", JSON, nullable=False),
    Column("trained_at", UtcDateTime, nullable=False),
    Column("is_current", Boolean, nullable=False),
)

activities = Table(
    "activities",
    metadata,
    Column("activity_id", Integer, primary_key=True),
    Column("happened_at", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),  # empty where nobody gave a name
    Column("kind", String(50), nullable=False),  # a `Kind` of `activities`
    Column("subject", String(200), nullable=False),  # the name of what was acted on
    Column("action", Text, nullable=False),  # a note, as JSON
    Index(None, "kind", "subject", "happened_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("key_hash", String(64), nullable=False, unique=True),  # SHA-256; the key itself is nowhere
    Column("scope", String(10), nullable=False),  # read, write
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),  # to the minute
)

app_state = Table(
    "app_state",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("value", JSON, nullable=False),
)
