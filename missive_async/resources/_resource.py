"""What every resource is: a name under the API and a way to call it."""

from missive_async._pipeline import Pipeline


class Resource:
    """The endpoint methods of one resource; a method states only method, path, envelope key and model."""

    __slots__ = ("_pipeline",)

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
