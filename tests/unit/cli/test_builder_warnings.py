"""The warnings at the end of a run about handlers whose import failed on the builder."""

from awsprov.cli.builder_warnings import BuilderWarnings
from awsprov.engine.events import Event


def test_each_failed_import_is_repeated_once_with_its_consequence() -> None:
    listener = BuilderWarnings()
    for detail in (
        "start pack: prices reads 12 files; its import failed: KeyError: 'API_KEY'",
        "start pack: other reads 12 files",
        "start pack: prices reads 12 files; its import failed: KeyError: 'API_KEY'",
    ):
        listener(Event("build", "output", detail))
    (warning,) = listener.warnings
    assert warning.startswith("Warning: the import of prices failed on the builder: KeyError: 'API_KEY'.")
    assert "cold starts take longer" in warning


def test_shared_libraries_that_lambda_lacks_are_repeated_but_not_all_of_many() -> None:
    listener = BuilderWarnings()
    listener(Event("build", "output", "native: warning: a.so needs libgomp.so.1, which Lambda does not have"))
    assert listener.warnings == ["Warning: a.so needs libgomp.so.1, which Lambda does not have."]
    for number in range(20):
        listener(
            Event("build", "output", f"native: note: a.so needs lib{number}.so; whether Lambda has it is not known")
        )
    assert len(listener.warnings) < 10
    assert "more" in listener.warnings[-1]


def test_nothing_is_repeated_when_nothing_failed() -> None:
    listener = BuilderWarnings()
    listener(Event("build", "waiting", "building"))
    assert listener.warnings == []
