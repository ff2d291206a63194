"""The repositories that models of sensors stand on, under the names of requirement document 001."""

from src.ml.sensor_repositories.predictions import PredictionRepository
from src.ml.sensor_repositories.readings import SensorReadingsRepository
from src.ml.sensor_repositories.training import ModelTrainingRepository

__all__ = ["ModelTrainingRepository", "PredictionRepository", "SensorReadingsRepository"]
