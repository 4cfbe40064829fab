"""The documentation: built without warnings, complete, and without content from other servers."""

import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from awsprov import __version__
from awsprov.aws.error_catalog import TRANSLATIONS
from awsprov.cli import cli
from awsprov.cli.registry import COMMANDS
from awsprov.config.json_schema import keys, schema
from awsprov.errors import EXIT_CODES

ROOT = Path(__file__).parents[2]
WRITTEN = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site like `make docs`: a broken link or a page that is in no menu is an error.

    With --quiet, mkdocs would not count warnings, so that its strict mode would find none.
    """
    directory = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(directory)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stderr
    return directory


def cells(site: Path, page: str) -> list[str]:
    """Return the text of the first column of all tables of a page."""
    text = (site / "reference" / page).read_text(encoding="utf-8")
    return [html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<tr>\s*<td>(.*?)</td>", text, re.S)]


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the options of a command and its subcommands, as its help shows them."""
    records = [each.get_help_record(context) for each in command.params if isinstance(each, click.Option)]
    yield from (record[0] for record in records if record)
    for name, inner in getattr(command, "commands", {}).items():
        yield from options(inner, click.Context(inner, info_name=name, parent=context))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_in_the_reference(site: Path, name: str) -> None:
    top = click.Context(cli, info_name="awsprov")
    command = cli.get_command(top, name)
    assert command
    expected = set(options(command, click.Context(command, info_name=name, parent=top)))
    assert expected - set(cells(site, "commands.html")) == set()
    text = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    assert f'<h2 id="{name}">' in text


def test_every_key_is_explained_to_editors() -> None:
    for part in [schema(), *schema()["$defs"].values()]:
        assert [name for name, key in part["properties"].items() if not key.get("description")] == []


def test_every_key_is_in_the_reference(site: Path) -> None:
    text = (site / "reference" / "config.html").read_text(encoding="utf-8")
    expected = {name.rpartition(".")[0] for name, _ in keys()} - {"", "stages"}
    sections = set(re.findall(r"<h2 id=[^>]+><code>(.*?)</code>", text))
    assert expected == sections
    assert {name.rpartition(".")[2] for name, _ in keys()} - {"NAME"} <= set(cells(site, "config.html"))


def test_every_exit_code_and_every_error_is_in_the_reference(site: Path) -> None:
    assert cells(site, "exit-codes.html") == [str(code) for code in EXIT_CODES]
    assert cells(site, "errors.html") == list(TRANSLATIONS)


def test_the_site_loads_nothing_from_other_servers(site: Path) -> None:
    fetched = re.compile(r"""(?:<(?:script|img|iframe)[^>]*\ssrc|<link[^>]*\shref|@import|url\()\W*["']?(https?:)?//""")
    pages = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(pages) > 30
    assert [path.name for path in pages if fetched.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_files_exist(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)", prose)
    relative = [link for link in links if not link.startswith(("https://", "mailto:"))]
    assert [link for link in relative if not (page.parent / link).exists()] == []


# ---- the two READMEs


def readme(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def typed(name: str) -> list[str]:
    """Return the code blocks of a README without comments, which are translated."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", readme(name), re.MULTILINE | re.DOTALL)
    return [re.sub(r" +# .*$", "", block, flags=re.MULTILINE) for block in blocks]


@pytest.mark.parametrize(
    "part", [r"\]\(([^)]+)\)", r"^\| (`[^|]+) \|", r"(?<!\w)`(--?[a-z-]+)"], ids=["links", "commands", "options"]
)
def test_both_readmes_mention_the_same(part: str) -> None:
    english, spanish = (set(re.findall(part, readme(name), re.MULTILINE)) for name in ("README.md", "README.es.md"))
    assert len(english) > 2
    assert english - {"README.es.md"} == spanish - {"README.md"}


def test_both_readmes_have_the_same_commands_and_output() -> None:
    assert len(typed("README.md")) > 4
    assert typed("README.md") == typed("README.es.md")


@pytest.mark.parametrize("name", ["README.md", "docs/ci.md"])
def test_the_wheel_that_is_installed_is_of_this_version(name: str) -> None:
    assert set(re.findall(r"awsprov-[\d.]+-py3-none-any\.whl", readme(name))) == {
        f"awsprov-{__version__}-py3-none-any.whl"
    }


# ---- names of commands, options and tests


def test_every_command_is_in_the_readme() -> None:
    named = re.findall(r"^\| (`[^|]+) \|", readme("README.md").partition("## Commands")[2], re.MULTILINE)
    assert sorted(re.findall(r"`([a-z]+)`", " ".join(named))) == sorted(COMMANDS)


def test_every_test_that_a_guarantee_names_exists() -> None:
    page = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    existing = {
        name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    assert len(named) > 20
    assert named - existing == set()


def code(page: Path) -> str:
    """Return the code of a page: blocks and spans."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)])


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_and_options_in_pages_exist(page: Path) -> None:
    top = click.Context(cli, info_name="awsprov")
    pattern = r"^ *(?:\$ |(?:- )?run: )?awsprov ((?!--)[\w-]+)([^\n|#>;&]*)"
    for name, rest in re.findall(pattern, code(page), re.MULTILINE):
        command = cli.get_command(top, name)
        assert command, f"awsprov {name}"
        known = " ".join(options(command, click.Context(command, info_name=name, parent=top)))
        used = re.findall(r"(?<!\S)--[a-z-]+", rest.partition(" -- ")[0])
        assert [each for each in used if each not in known] == [], f"awsprov {name}{rest}"


def test_every_test_that_the_conventions_name_exists() -> None:
    page = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|benchmarks)/[\w/]+(?:\.py)?)`", page))
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []


# ---- pictures


@pytest.mark.parametrize("name", ["board", "plan", "page"])
def test_a_picture_has_a_light_and_a_dark_theme_and_loads_nothing(name: str) -> None:
    text = (ROOT / "docs" / "assets" / f"{name}.svg").read_text(encoding="utf-8")
    assert "@media(prefers-color-scheme:dark)" in text
    assert len(text) < 300_000
    assert all(target.startswith(("#", "data:")) for target in re.findall(r'(?:url\(|href=)"?([^")]*)', text))


@pytest.mark.parametrize("name", ["board", "plan"])
def test_both_themes_of_a_terminal_picture_have_a_rule_for_each_style(name: str) -> None:
    rules, body = (ROOT / "docs" / "assets" / f"{name}.svg").read_text(encoding="utf-8").split("</style>")
    used = set(re.findall(r'class="screen-(r\d+)"', body))
    for theme in rules.split("@media"):
        assert set(re.findall(r"\.screen-(r\d+)", theme)) == used
