"""The page about the cloud's fidelity is what the tables say."""

from pathlib import Path

from awsprov.local.fidelity import document

PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"


def test_the_page_is_in_step_with_the_tables() -> None:
    assert PAGE.read_text() == document(), "run: python -m awsprov.local.fidelity"


def test_every_row_says_what_aws_and_moto_do_and_who_says_so() -> None:
    rows = [line for line in document().splitlines() if line.startswith("| ") and not line.startswith("| behaviour")]
    assert len(rows) > 90
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 5, row
        assert all(cells), row
