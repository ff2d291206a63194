"""Saved models in memory: loading and checking one takes longer than asking it."""

from __future__ import annotations

import threading
from collections import OrderedDict

from src.ml.saved_models import LoadedModel, load_saved
from src.utils.model_store import default_store

MOST_KEPT = 4


class LoadedModels:
    """The saved models that were asked last; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int | None], tuple[object, LoadedModel]] = OrderedDict()

    def get(self, name: str, version: int | None = None) -> LoadedModel:
        """Return a saved model as the registry has it now; raises as `load_saved` does."""
        entry = default_store().entries().get(name, {})
        identity = entry.get("version"), entry.get("sha256"), entry.get("signature_mac")
        asked = (name, version)
        with self._lock:
            if asked not in self._kept or self._kept[asked][0] != identity:
                self._kept.pop(asked, None)
                self._kept[asked] = (identity, load_saved(name, version))
            self._kept.move_to_end(asked)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return self._kept[asked][1]
