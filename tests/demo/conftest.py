"""Add the demo's directory to `sys.path`: its modules import each other by bare names, as in Lambda."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "lambda_src"))


@pytest.fixture(autouse=True)
def no_cors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove `CORS_ORIGIN` from the environment, so that it cannot change the results."""
    monkeypatch.delenv("CORS_ORIGIN", raising=False)
