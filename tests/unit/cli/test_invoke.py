"""invoke: mistakes in its options and input files are reported before anything is started, or AWS is called."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Call


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["@missing.json"], "missing.json cannot be read."),
        (["--http", "--data", "@missing.jpg"], "missing.jpg cannot be read."),
        (["--http", "--header", "no colon"], "--header 'no colon' is not of the form NAME: VALUE."),
        (["--http", "--path", "id"], "--path 'id' is not of the form NAME=VALUE."),
        (["--http", "--query", "=1"], "--query '=1' is not of the form NAME=VALUE."),
        (["--batch", "missing.jsonl", "--out", "out.jsonl"], "missing.jsonl cannot be read."),
    ],
)
def test_a_mistake_starts_no_local_cloud(project: Path, awsprov: Call, words: list[str], message: str) -> None:
    result = awsprov("invoke", "--local", *words)
    assert (result.code, message in result.err) == (2, True), result.err
    assert not (project / ".awsprov" / "local").exists()
