"""Background work, as far as a program that has started some wants to know."""

from __future__ import annotations

from fastapi import APIRouter

from src.api.schemas import JobAnswer
from src.jobs import get_job

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("/{job_id}")
def show_job(job_id: str) -> JobAnswer:
    """Tell how far a job is, and what has come of it."""
    return JobAnswer.of(get_job(job_id))
