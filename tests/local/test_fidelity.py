"""`docs/fidelity.md` is generated from the tables of the local cloud's behaviour."""

from pathlib import Path

from awsprov.local.fidelity import document

PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == document(), "run: python -m awsprov.local.fidelity"


def test_every_row_is_complete() -> None:
    rows = [line for line in document().splitlines() if line.startswith("| ") and not line.startswith("| case")]
    assert len(rows) > 90
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 5, row
        assert all(cells), row
