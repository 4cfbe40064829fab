"""The warnings at the end of a run about handlers whose import failed on the builder."""

from awsprov.cli.failed_imports import FailedImports
from awsprov.engine.events import Event


def test_each_failed_import_is_repeated_once_with_its_consequence() -> None:
    listener = FailedImports()
    for detail in (
        "start pack: prices reads 12 files; its import failed: KeyError: 'API_KEY'",
        "start pack: other reads 12 files",
        "start pack: prices reads 12 files; its import failed: KeyError: 'API_KEY'",
    ):
        listener(Event("build", "output", detail))
    (warning,) = listener.warnings
    assert warning.startswith("Warning: the import of prices failed on the builder: KeyError: 'API_KEY'.")
    assert "cold starts take longer" in warning


def test_nothing_is_repeated_when_nothing_failed() -> None:
    listener = FailedImports()
    listener(Event("build", "waiting", "building"))
    assert listener.warnings == []
