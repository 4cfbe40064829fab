"""The files that an environment does not need, and those that are kept as something refers to them."""

from pathlib import Path

import pytest

from awsprov.remote_code.builder import slim

FILES = {
    "pkg/__init__.py": '__all__ = ["tests"]\n',
    "pkg/core.pyi": "",
    "pkg/include/core.h": "",
    "pkg/conftest.py": "from pkg.tests import test_core\n",
    "pkg/tests/__init__.py": "",
    "pkg/tests/test_core.py": "",
    "pkg/tests/data/big.csv": "",
    "pkg/sub/__init__.py": '"""See pkg/sub/tests."""\n',
    "pkg/sub/tests/test_sub.py": "from pkg.tests import test_core\n",
    "pkg/testing/__init__.py": "",
    "tests/test_loose.py": "",
    "data/tests/table.csv": "",
}
TESTS = {"pkg/tests/test_core.py", "pkg/tests/data/big.csv", "pkg/sub/tests/test_sub.py"}


def slimmed(site: Path, files: dict[str, str]) -> set[str]:
    """Return the files that are not used in a directory with these files."""
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    return slim.unused(set(files), slim.references(site, files))


def test_tests_and_stubs_are_deleted_and_nothing_else(tmp_path: Path) -> None:
    assert slimmed(tmp_path, FILES) == TESTS | {"pkg/core.pyi"}


@pytest.mark.parametrize(
    ("name", "text", "stays"),
    [
        ("pkg/use.py", "from .tests import test_core", {"pkg/tests/test_core.py", "pkg/tests/data/big.csv"}),
        ("pkg/use.py", "from . import tests", {"pkg/tests/test_core.py", "pkg/tests/data/big.csv"}),
        ("pkg/sub/use.py", "from ..tests.test_core import x", {"pkg/tests/test_core.py", "pkg/tests/data/big.csv"}),
        ("other/use.py", "import pkg.sub.tests.test_sub", {"pkg/sub/tests/test_sub.py"}),
        ("other/use.py", "__import__('pkg.sub.tests')", {"pkg/sub/tests/test_sub.py"}),
        ("pkg/sub/use.py", "open(HERE / 'tests' / 'table')", {"pkg/sub/tests/test_sub.py"}),
        ("pkg/use.py", "os.path.join(HERE, 'tests', 'data')", TESTS),
        ("pkg/use.py", "open(HERE + '/tests/data/big.csv')", TESTS),
        ("pkg/use.py", "open(f'{HERE}/tests/data')", TESTS),
        ("pkg/use.py", "print 'tests'  # of another Python", TESTS),
        ("use.py", "print 'tests'  # of another Python", TESTS),
        ("pkg/use.py", "NAMES = ['tests']", set()),
        ("pkg/use.py", "# from .tests import test_core", set()),
    ],
)
def test_tests_that_are_referred_to_are_kept(tmp_path: Path, name: str, text: str, stays: set[str]) -> None:
    assert slimmed(tmp_path, {**FILES, name: text}) == (TESTS | {"pkg/core.pyi"}) - stays


def test_stubs_that_their_package_reads_are_kept(tmp_path: Path) -> None:
    lazy = {"pkg/__init__.py": "__getattr__, *_ = lazy_loader.attach_stub(__name__, __file__)\n"}
    assert "pkg/core.pyi" not in slimmed(tmp_path, {**FILES, **lazy})
