"""The page on web frameworks: its applications answer requests as API Gateway forwards them, under a stage."""

import importlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from awsprov.local.apigateway import proxy_v1
from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.apigateway.routes import PathRouter

PAGE = (Path(__file__).parents[3] / "docs" / "web-frameworks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
Send = Callable[..., Response]


@pytest.fixture(params=["fastapi", "flask"])
def send(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Send:
    """A function that sends a request through the event of a REST API with the stage `prod`."""
    pytest.importorskip(request.param)
    block = next(block for block in BLOCKS if f"from {request.param} import" in block)
    name = f"{request.param}_application"
    (tmp_path / f"{name}.py").write_text(block)
    monkeypatch.syspath_prepend(str(tmp_path))
    handler = importlib.import_module(name).handler
    monkeypatch.delitem(sys.modules, name)

    def send(method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> Response:
        match = PathRouter({"/": {}, "/{proxy+}": {}}).match(path)
        assert match
        named = {"Host": "x", **{name.replace("_", "-"): value for name, value in headers.items()}}
        every = {name: [value] for name, value in named.items()}
        sent = Request(method, f"/prod{path}", query, named, every, "127.0.0.1", "HTTP/1.1", body)
        context = {"domainName": "x.example.com", "stage": "prod", "path": f"/prod{path}", "identity": {}}
        event = proxy_v1.build_event(sent, match, path, context, ["*/*"])
        return proxy_v1.parse_response(json.dumps(handler(event, None)).encode(), "*/*", ["*/*"])

    return send


def test_paths_and_queries_reach_the_application(send: Send) -> None:
    assert json.loads(send("GET", "/").body) == {"hello": "world"}
    assert json.loads(send("GET", "/items/7", "q=x%20y").body) == {"item": 7, "q": "x y"}
    assert send("GET", "/nowhere").status == 404


def test_bodies_and_answers_are_byte_for_byte(send: Send) -> None:
    every = bytes(range(256))
    assert json.loads(send("POST", "/size", body=every, Content_Type="image/png").body) == {"bytes": 256}
    assert json.loads(send("POST", "/size", body=b"{}", Content_Type="application/json").body) == {"bytes": 2}
    picture = send("GET", "/plot.png")
    types = [value for name, value in picture.headers if name.lower() == "content-type"]
    assert (picture.body, types) == (PNG, ["image/png"])


def test_the_pages_of_fastapi_know_the_stage(send: Send) -> None:
    docs = send("GET", "/docs")
    if docs.status == 404:
        pytest.skip("Flask has none")
    assert b"/prod/openapi.json" in docs.body


def test_a_handler_without_a_framework_decodes_bodies() -> None:
    scope: dict[str, Any] = {}
    exec(next(block for block in BLOCKS if "def body_of" in block), scope)  # noqa: S102 - it is the documentation's own
    assert scope["body_of"]({"body": "aGk=", "isBase64Encoded": True}) == b"hi"
    assert scope["body_of"]({"body": "hi", "isBase64Encoded": False}) == b"hi"
