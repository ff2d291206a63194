"""Texts and numbers that stand alone in a JSON column, for queries that SQLite and PostgreSQL put differently."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class json_text(FunctionElement[str]):
    """The text, without its quotation marks; a number as it is written."""

    type = sa.String()
    inherit_cache = True
    name = "json_text"


class json_number(FunctionElement[float]):
    """The number. Not to be asked of a text: PostgreSQL refuses."""

    type = sa.Float()
    inherit_cache = True
    name = "json_number"


class is_json_text(FunctionElement[bool]):
    """Whether it is a text."""

    type = sa.Boolean()
    inherit_cache = True
    name = "is_json_text"


@compiles(json_text, "sqlite")
@compiles(json_number, "sqlite")
def _extract(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **options)}, '$')"


@compiles(json_text, "postgresql")
def _postgres_text(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} #>> '{{}}')"


@compiles(json_number, "postgresql")
def _postgres_number(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    return f"CAST({_postgres_text(element, compiler, **options)} AS double precision)"


@compiles(is_json_text, "sqlite")
def _sqlite_is_text(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    return f"(json_type({compiler.process(element.clauses, **options)}) = 'text')"


@compiles(is_json_text, "postgresql")
def _postgres_is_text(element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    return f"(json_typeof({compiler.process(element.clauses, **options)}) = 'string')"
