"""A package index on loopback, which records its requests; and the wheels on it."""

import base64
import hashlib
import html
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType


def wheel(directory: Path, name: str, version: str, needs: str = "", tag: str = "py3-none-any") -> str:
    """Write a wheel with one empty module; return its hash as pip writes it."""
    directory.mkdir(parents=True, exist_ok=True)
    about = f"{name}-{version}.dist-info"
    needed = f"Requires-Dist: {needs}\n" if needs else ""
    members = {
        f"{name}.py": "",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{member},,\n" for member in (*members, f"{about}/RECORD"))
    path = directory / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in {**members, f"{about}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), text)
    return f"--hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def source(
    directory: Path, name: str, version: str, needs: str = "", files: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Write a source distribution with these files; its build would fail without them. Return its hash."""
    directory.mkdir(parents=True, exist_ok=True)
    needed = f"Requires-Dist: {needs}\n" if needs else ""
    about = {"PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}"}
    path = directory / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, text in {**about, "setup.py": "raise SystemExit('it was run')\n", **files}.items():
            info = tarfile.TarInfo(f"{name}-{version}/{member}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return f"--hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@dataclass
class PackageIndex:
    """An index with the wheels of a directory.

    Arguments:
        wheels: the directory.
        port: on 127.0.0.1.
        credentials: `user:password` that it requires; empty for none.
        prefix: the first part of all paths, such as a token.

    Attributes:
        asked: the paths that were asked for, in order.
        authorizations: the values of the header Authorization.
    """

    wheels: Path
    port: int
    credentials: str = ""
    prefix: str = ""
    asked: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    def url(self, credentials: str = "", prefix: str = "") -> str:
        """Return the URL of the index."""
        return f"http://{f'{credentials}@' if credentials else ''}127.0.0.1:{self.port}{prefix or self.prefix}/simple"

    def add(self, name: str, version: str, needs: str = "") -> str:
        """Add a wheel; return its hash as pip writes it."""
        return wheel(self.wheels, name, version, needs)

    @property
    def names(self) -> set[str]:
        """The names of packages that were asked for."""
        return {path.split("/")[-2] for path in self.asked if "/simple/" in path}

    def answer(self, path: str, authorization: str) -> tuple[int, bytes, str]:
        """Return status, body and type of an answer."""
        self.asked.append(path)
        self.authorizations += [authorization] if authorization else []
        wanted = f"Basic {base64.b64encode(self.credentials.encode()).decode()}"
        if self.credentials and authorization != wanted:
            return 401, b"", "text/plain"
        *_, directory, name, last = ("", "", *path.removeprefix(self.prefix).split("/"))
        if name == "files" or directory == "files":
            file = self.wheels / last
            return (200, file.read_bytes(), "application/octet-stream") if file.is_file() else (404, b"", "text/plain")
        found = sorted(each for each in self.wheels.glob(f"{name.replace('-', '_')}-*") if each.is_file())
        links = "".join(f'<a href="{self.prefix}/files/{each.name}">{html.escape(each.name)}</a>' for each in found)
        return (200, links.encode(), "text/html") if found else (404, b"", "text/plain")


@contextmanager
def serving(wheels: Path, credentials: str = "", prefix: str = "") -> Iterator[PackageIndex]:
    """Serve an index."""
    wheels.mkdir(parents=True, exist_ok=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, kind = index.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index = PackageIndex(wheels, server.server_port, credentials, prefix)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
