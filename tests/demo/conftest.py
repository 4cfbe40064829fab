"""The demo's modules import each other by bare names, as they do in Lambda: their folder goes on the path."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "lambda_src"))


@pytest.fixture(autouse=True)
def no_cors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of whoever runs the tests decides nothing."""
    monkeypatch.delenv("CORS_ORIGIN", raising=False)
