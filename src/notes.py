"""Remarks that go with a result: said once where they are known, shown in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """One remark, kept as a template and its values so that a page can translate it, as with errors.

    Examples
    --------
    >>> str(Note("{rows} rows have no target.", {"rows": 3}))
    '3 rows have no target.'
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.values)
