"""Files for the fuzz targets."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEXT_WORDS = [
    b"\n",
    b"\r",
    b"\0",
    b"=",
    b'"',
    b"'",
    b"\\",
    b"#",
    b" ",
    b"\xff",
    b"\xef\xbb\xbf",
    b"${X}",
    b"$(id)",
    b"-r x",
]


@contextmanager
def a_file(name: str, content: bytes) -> Iterator[Path]:
    """Write a file into a directory of its own."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, name)
        path.write_bytes(content)
        yield path
