"""The modules that a cold start imports, for `libs why`: those that the handler reaches, optional ones included."""

from pathlib import Path

from awsprov.packaging.import_analysis import advice, imported_modules

HANDLER = """
import json, os.path
import numpy as np
from sklearn.linear_model import LinearRegression
from helpers import tools
try:
    import orjson
except ImportError:
    orjson = None
if os.name == "posix":
    import uvloop

def handler(event, context):
    import pandas
"""


def test_they_are_those_that_the_handler_reaches_with_optional_ones_and_none_in_functions(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HANDLER)
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("from . import tools\n")
    (tmp_path / "helpers" / "tools.py").write_text("from .more import x\nimport scipy.stats\nimport numpy\n")
    (tmp_path / "helpers" / "more.py").write_text("import joblib\nx = 1\n")
    (tmp_path / "train.py").write_text("import torch\n")  # nothing imports it
    assert sorted(imported_modules(tmp_path, "app.handler")) == [
        "joblib",
        "numpy",
        "orjson",
        "scipy.stats",
        "sklearn.linear_model",
        "uvloop",
    ]


def test_the_advice_about_a_large_package_names_what_requires_it() -> None:
    cost = {"package": "nccl", "version": "2", "ms": 0, "bytes": 361_000_000}
    (line,) = advice([{**cost, "required_by": ["xgboost"]}])
    assert "nccl: 361 MB" in line
    assert "xgboost, which requires it," in line
    assert "requires it" not in advice([{**cost, "required_by": []}])[0]


def test_the_advice_about_a_slow_package_names_what_else_imports_it() -> None:
    cost = {"package": "scipy", "version": "1", "ms": 3764.2, "bytes": 97_000_000}
    (line,) = advice([{**cost, "required_by": ["scikit-learn", "xgboost"]}])
    assert "import it with what requires it (scikit-learn, xgboost) where it is used" in line
    assert "import it where it is used" in advice([{**cost, "required_by": []}])[0]
