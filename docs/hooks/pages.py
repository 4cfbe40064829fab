"""Hooks of mkdocs: add generated pages and the pages of the repository's root, and rewrite links to them."""

import os.path
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from reference import PAGES

ROOT = Path(__file__).parents[2]
TOP = {  # pages in the root of the repository, and their names on the site
    "README.md": "index.md",
    "README.es.md": "index.es.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference, and the pages of the repository's root."""
    made = {f"reference/{name}": make() for name, make in PAGES.items()}
    made |= {here: (ROOT / name).read_text(encoding="utf-8") for name, here in TOP.items()}
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite links, which are relative to files of the repository, to pages of the site."""
    here = page.file.src_uri
    written = {site: name for name, site in TOP.items()}.get(here, f"docs/{here}")
    return _LINK.sub(lambda found: _link(found, Path(written).parent, Path(here).parent, files), markdown)


def _link(found: re.Match[str], written: Path, here: Path, files: Files) -> str:
    """Return a link of the site; for a file of the repository that is not on the site, only the link's text."""
    image, text, target, anchor = found.groups(default="")
    if "://" in target:
        return found[0]
    name = os.path.normpath(written / target)
    place = TOP.get(name, name.removeprefix("docs/"))
    if not files.get_file_from_path(place) and (ROOT / name).exists():
        return text
    return f"{image}[{text}]({os.path.relpath(place, here)}{anchor})"
