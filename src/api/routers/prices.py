"""Prices of products: models trained, listed and deleted, coming days forecast. Paths are those of document 002."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from src.api.access import require_write
from src.api.price_schemas import PriceForecastAnswer, PriceModelAnswer, PriceModelsAnswer, PriceTrainingAnswer
from src.api.schemas import JobAnswer
from src.pricing.batch_training import MOST_TRIALS
from src.pricing.product_forecast import MOST_DAYS_AHEAD
from src.pricing.tuning import TRIALS

router = APIRouter(prefix="/ml", tags=["prices"])
Sku = Annotated[str, Path(description="The product.", examples=["SKU12345"])]


@router.post(
    "/train/{sku}",
    dependencies=[Depends(require_write)],
    responses={202: {"model": JobAnswer, "description": "The job has begun: ask for it at /jobs/{id}."}},
    response_model=PriceTrainingAnswer,
)
def train(
    request: Request,
    sku: Sku,
    optimize: Annotated[bool, Query(description="Search for hyperparameters.")] = True,
    n_trials: Annotated[int, Query(ge=1, le=MOST_TRIALS, description="How many to try.")] = TRIALS,
    wait: Annotated[bool, Query(description="Answer when it is done; else at once, with the job.")] = True,
) -> object:
    """Train a product's model, which is the current one from then on.

    A training that is under way with the same options is not begun again: its outcome is the answer.
    """
    answers = request.app.state.price_answers
    job = answers.start_training(sku, n_trials if optimize else 0)
    if wait:
        return answers.wait_for(job)
    return JSONResponse(JobAnswer.of(job).model_dump(mode="json"), 202, {"Location": f"/jobs/{job.job_id}"})


@router.get("/predict/{sku}", response_model=PriceForecastAnswer)
async def predict(
    request: Request,
    sku: Sku,
    days_ahead: Annotated[int, Query(ge=1, le=MOST_DAYS_AHEAD)] = 14,
) -> Response:
    """Forecast a product's prices and quantities, day by day from its last one, with intervals of 80 and 95 percent.

    While the model and the history are the same, the answer is served from memory.
    """
    answers = request.app.state.price_answers
    content = await request.app.state.lookups.known_or_made(answers.known, answers.forecast, sku, days_ahead)
    return Response(content, media_type="application/json")


@router.get("/models")
def list_models(request: Request) -> PriceModelsAnswer:
    """List the products that have a model."""
    skus = sorted(request.app.state.price_answers.manager.facts())
    return PriceModelsAnswer(models=skus, count=len(skus))


@router.get("/models/{sku}")
def show_model(request: Request, sku: Sku) -> PriceModelAnswer:
    """Tell what is known of a product's model."""
    return request.app.state.price_answers.model(sku)


@router.delete("/models/{sku}", status_code=204, dependencies=[Depends(require_write)])
def delete_model(request: Request, sku: Sku) -> None:
    """Delete a product's model with all its versions."""
    request.app.state.price_answers.delete_model(sku)
