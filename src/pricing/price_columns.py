"""Which column of a file of prices is what: guessed from the header, in English and Portuguese, or said by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from src.errors import InvalidPriceFile
from src.sensors.imports.columns import first_column, refuse_unknown_column

_NAMES = {
    "date": ("date", "day", "sale date", "timestamp", "data", "dia", "data da venda", "data venda"),
    "sku": (
        "sku", "sku id", "sku code", "product id", "product code", "item id", "item code", "codigo do produto",
        "codigo produto", "cod produto", "id produto", "codigo", "product", "item", "produto",
    ),
    "price": (
        "price", "unit price", "sale price", "average price", "mean price", "wholesale price", "retail price",
        "preco", "preco unitario", "preco de venda", "preco medio", "preco atacado", "preco varejo", "valor unitario",
    ),
    "quantity": (
        "quantity", "quantity kg", "qty", "quantity sold", "units sold", "units", "sales", "demand", "volume",
        "quantidade", "quantidade kg", "quantidade vendida", "qtd", "qtde", "unidades", "vendas", "demanda",
    ),
    "name": ("name", "product name", "item name", "description", "nome", "nome do produto", "descricao"),
    "category": ("category", "category name", "categoria", "nome da categoria"),
}  # fmt: skip
NEEDED = ("date", "sku", "price", "quantity")


@dataclass(frozen=True)
class PriceColumns:
    """The columns of a file that mean something; names and categories may be missing."""

    date: str
    sku: str
    price: str
    quantity: str
    name: str | None = None
    category: str | None = None

    @property
    def used(self) -> list[str]:
        """Those that the file has."""
        return [column for column in vars(self).values() if column is not None]


def guess_columns(names: Sequence[str], said: Mapping[str, str] | None = None) -> dict[str, str | None]:
    """Tell by the names which column is what; a person may have said some.

    Returns
    -------
    dict of str to str or None
        The roles ``date``, ``sku``, ``price``, ``quantity``, ``name`` and ``category`` to a column.
    """
    chosen: dict[str, str | None] = dict(said or {})
    free = [name for name in names if name not in chosen.values()]
    for role, known in _NAMES.items():
        chosen.setdefault(role, first_column(free, known))
    return chosen


def find_columns(names: Sequence[str], said: Mapping[str, str] | None = None) -> PriceColumns:
    """Tell the columns by their names, but for what a person said.

    Parameters
    ----------
    said : mapping, optional
        ``date``, ``sku``, ``price`` or ``quantity`` to the column that it is.

    Raises
    ------
    InvalidReadings
        The file does not have a column that was said.
    InvalidPriceFile
        A column that is needed cannot be told, or one is said to be two things.
    """
    said = said or {}
    for column in said.values():
        refuse_unknown_column(column, list(names))
    chosen = guess_columns(names, said)
    for role in NEEDED:
        if chosen[role] is None:
            raise InvalidPriceFile(
                "No column is known to hold the {role}. Say which of {columns} it is with --{role}.",
                role=role,
                columns=", ".join(map(repr, names[:20])),
            )
    given = [column for column in chosen.values() if column is not None]
    if twice := next((column for column in given if given.count(column) > 1), None):
        raise InvalidPriceFile(
            "The column {column!r} cannot be two things at once. Choose another column for one of them.", column=twice
        )
    return PriceColumns(**chosen)  # type: ignore[arg-type]
