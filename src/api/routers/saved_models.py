"""Saved models: which there are, and what they answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from src.api.schemas import ModelAnswer, ModelsAnswer, PredictionsAnswer, RowsToPredict
from src.api.strict_json import StrictRoute
from src.ml.model_facts import facts_of
from src.ml.prediction import predict_records
from src.utils.model_store import default_store

router = APIRouter(prefix="/api/v1/models", tags=["saved models"], route_class=StrictRoute)


@router.get("")
def list_models() -> ModelsAnswer:
    """List the saved models, each in its current version."""
    store = default_store()
    entries, untrusted = store.entries(), store.untrusted()
    answers = [
        ModelAnswer.of(
            facts_of({"name": name, "libraries": {}, "details": {}, **entry}), is_trusted=name not in untrusted
        )
        for name, entry in sorted(entries.items())
    ]
    return ModelsAnswer(models=answers, count=len(answers))


@router.post("/{name}/predict")
def predict(request: Request, name: Annotated[str, Path(max_length=100)], asked: RowsToPredict) -> PredictionsAnswer:
    """Ask a saved model for rows of values. Nothing is kept, so a key for reading is enough."""
    saved = request.app.state.loaded_models.get(name, asked.version)
    return PredictionsAnswer.of(saved, predict_records(saved.model, saved.signature, asked.rows))
