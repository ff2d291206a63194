"""SKUs: what can name a product. Each names a folder of models too, so that none may look like a path."""

from __future__ import annotations

from collections.abc import Iterable

from src.errors import InvalidModelName, InvalidSku
from src.storage.model_names import checked_name, collision_key


def checked_sku(sku: str) -> str:
    """Return a SKU in NFC, or refuse it.

    Raises
    ------
    InvalidSku
        The message says what a SKU may be.
    """
    try:
        return checked_name(sku)
    except InvalidModelName:
        raise InvalidSku(
            "{sku!r} cannot be a SKU, of which folders are named. A SKU has 1 to 100 characters: letters, digits, "
            "spaces and _ - . inside; it starts with a letter, a digit or _, ends with one of them or -, and has no "
            "two dots in a row.",
            sku=_shortened(sku),
        ) from None


class KnownSkus:
    """SKUs that are taken, to find those that differ from one of them only in case: on some systems they are one.

    Parameters
    ----------
    skus : iterable of str
        Those that there are.
    """

    def __init__(self, skus: Iterable[str]) -> None:
        self._known = {collision_key(sku): sku for sku in skus}

    def enter(self, sku: str) -> str:
        """Check a SKU, take it, and return it in NFC.

        Raises
        ------
        InvalidSku
            It cannot be one, or differs from a known one only in case.
        """
        checked = checked_sku(sku)
        known = self._known.setdefault(collision_key(checked), checked)
        if known != checked:
            raise InvalidSku(
                "The SKU {sku!r} differs from {known!r} only in upper and lower case. Write both the same way.",
                sku=checked,
                known=known,
            )
        return checked


def _shortened(text: object, limit: int = 40) -> str:
    shown = str(text)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
