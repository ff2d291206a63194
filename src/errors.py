"""Every error that Farol raises on purpose.

The message says what was wrong, with the value, and what to do about it. It is kept as a template and its values,
so that a page can show it in the reader's language: the template is the key of the translation.
"""

from __future__ import annotations


class FarolError(Exception):
    """Base of all named errors.

    Parameters
    ----------
    template : str
        Message in English with ``{name}`` placeholders.
    **values
        What the placeholders stand for.

    Examples
    --------
    >>> str(FarolError("{count} rows are too many.", count=7))
    '7 rows are too many.'
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template, values)
        self.template = template
        self.values = values

    def __str__(self) -> str:
        return self.template.format(**self.values)

    def __reduce__(self):  # so that it crosses process borders with its values
        return _rebuild, (type(self), self.template, self.values)


def _rebuild(kind: type[FarolError], template: str, values: dict) -> FarolError:
    return kind(template, **values)


class InvalidSettings(FarolError):
    """A setting has a value that cannot be used."""


class DatabaseUnavailable(FarolError):
    """The database cannot be reached or cannot be written."""


class NoReadings(FarolError):
    """There are no readings where some are needed."""


class SensorNotFound(FarolError, LookupError):
    """No sensor has that identifier."""


class DuplicateSensor(FarolError, ValueError):
    """A sensor has that display name already."""


class InvalidSensor(FarolError, ValueError):
    """A description that no sensor can have, or a name that no machine can have."""


class MachineNotFound(FarolError, LookupError):
    """There is neither a sensor nor an event on equipment of that name."""


class InvalidEvent(FarolError, ValueError):
    """An event that cannot be, or not beside one that is there."""


class EventNotFound(FarolError, LookupError):
    """No event has that identifier."""


class ChangedMeanwhile(FarolError):
    """Somebody else has changed what was to be changed, after it was read."""


class InvalidPeriod(FarolError, ValueError):
    """A period of time that has no length, or a time that cannot be read."""


class InvalidDemoPlant(FarolError, ValueError):
    """A demo plant cannot be made with these parameters."""


class ReadingsDiffer(FarolError, ValueError):
    """Readings that say another thing than those that are stored already."""


class InvalidTable(FarolError, ValueError):
    """A file or a frame cannot be read as a table."""


class InvalidReadings(InvalidTable):
    """A file of readings that cannot be imported; `values["problems"]` holds the first of what is wrong, as notes."""


class FileNotWritten(FarolError):
    """A file that a person asked for cannot be written where it is to go."""


class InvalidComparison(FarolError, ValueError):
    """The choices for a comparison do not fit the data or each other."""


class NoLeaderboard(FarolError):
    """No candidate could be fitted, so there is nothing to rank."""


class InvalidModelName(FarolError, ValueError):
    """A name that cannot name a saved model."""


class NotJson(FarolError, ValueError):
    """A value that is to be kept as JSON, and cannot be."""


class DuplicateModelName(FarolError, ValueError):
    """A saved model has that name already."""


class ModelNotFound(FarolError, LookupError):
    """No saved model, or no such version of it."""


class ModelNotTrusted(FarolError):
    """A model file that was not saved here and has not been adopted."""


class ModelCorrupt(FarolError):
    """A model file that is not, byte for byte, what was saved."""


class ModelNotSaved(FarolError):
    """A model that could not be written; what was there before is unchanged."""


class ModelNotLoadable(FarolError):
    """A model that is intact, but cannot be unpickled with what is installed here."""


class InvalidModelFile(FarolError, ValueError):
    """A file that is no export of a model, or is not as it was exported."""


class ModelStoreUnavailable(FarolError):
    """The folder of saved models cannot be read."""


class InvalidPredictionInput(FarolError, ValueError):
    """Values that a model cannot take."""


class PredictionNotFound(FarolError, LookupError):
    """No prediction that was kept has that identifier."""


class InvalidDetector(FarolError, ValueError):
    """A parameter that no anomaly detector can have."""


class InvalidTraining(FarolError, ValueError):
    """A training of sensors' models that there cannot be: of no sensor, or of no model."""


class InvalidReadingValues(FarolError, ValueError):
    """Values, or times, that an anomaly detector cannot take: too few, not finite, out of order, of another shape."""


class NotTrained(FarolError):
    """A sensor has no model, and none could be trained."""


class DetectorNotFitted(FarolError):
    """An anomaly detector is asked before it has learnt what is usual."""


class InvalidPrediction(FarolError, ValueError):
    """A prediction or a forecast of a sensor that cannot be kept, or cannot be asked for like that."""


class InvalidVerdict(FarolError, ValueError):
    """A verdict on an anomaly that cannot be, or not beside one that is there."""


class VerdictNotFound(FarolError, LookupError):
    """No verdict has that identifier."""


class InvalidSeries(FarolError, ValueError):
    """Times and values from which nothing can be learned about the future."""


class InvalidForecast(FarolError, ValueError):
    """A forecaster or a forecast that there cannot be."""


class ForecasterNotFitted(FarolError):
    """A forecaster was asked before it had learned anything."""


class InvalidSku(FarolError, ValueError):
    """A text that cannot name a product, or only one of a few that a file or a person names too alike."""


class ProductNotFound(FarolError, LookupError):
    """No product has that SKU."""


class InvalidProductHistory(FarolError, ValueError):
    """Prices and quantities that cannot be a product's history, or not beside the one that is there."""


class InvalidPriceFile(InvalidTable):
    """A file of prices of which nothing can be imported."""


class InvalidSyntheticHistory(FarolError, ValueError):
    """A history cannot be generated with these parameters, or not beside what is there."""


class InvalidPriceTraining(FarolError, ValueError):
    """A product's model cannot be trained like that, or not from so short a history."""


class JobNotFound(FarolError, LookupError):
    """No job has that identifier."""


class InvalidJob(FarolError, ValueError):
    """A job of an unknown kind, or one that is not in a state for what was asked."""


class JobFailed(FarolError):
    """A job ended without a result."""


class WorkerDied(FarolError):
    """A worker process was ended by the system while it worked on a task, twice."""


class TaskFailed(FarolError):
    """A task raised what cannot be sent from its worker process."""


class ClusterUnavailable(FarolError):
    """The Dask scheduler that the settings name does not answer."""


class SignInUnavailable(FarolError):
    """Nobody can sign in with the configuration of this server."""


class InvalidApiKey(FarolError, ValueError):
    """A name that no key of the API can have."""


class DuplicateApiKey(FarolError, ValueError):
    """A key of the API has that name already, or had it."""


class ApiKeyNotFound(FarolError, LookupError):
    """No key of the API has that name."""


class ApiUnprotected(FarolError):
    """The API is to be served to other machines, and nobody needs a key."""


class ApiBusy(FarolError):
    """Too many requests wait for the models of sensors."""
