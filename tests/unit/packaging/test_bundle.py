"""The zip: the same content is the same bytes, and nothing secret is in it."""

import base64
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from awsprov.errors import UsageError
from awsprov.packaging import bundle
from awsprov.packaging.bundle import Bundle
from awsprov.packaging.upload_rules import UploadRules

FILES = {"app.py": b"def handler(): ...\n", "pkg/__init__.py": b"", "pkg/data.json": b"{}\n" * 50}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return fill(tmp_path / "src", FILES)


def fill(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def unpacked(created: Bundle) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(created.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_zip_holds_the_files(source: Path) -> None:
    assert unpacked(Bundle(source)) == FILES


def test_the_same_content_is_the_same_bytes_whatever_the_umask_the_clock_and_the_order(
    source: Path, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        other = fill(tmp_path / "other", dict(reversed(FILES.items())))
    finally:
        os.umask(before)
    for n, path in enumerate(other.rglob("*")):
        os.utime(path, (10**9 + n, 10**9 + n))
    assert Bundle(other).content == Bundle(source).content


def test_another_process_makes_the_same_bytes(source: Path) -> None:
    imports = "from pathlib import Path; from awsprov.packaging.bundle import Bundle"
    code = f"{imports}; print(Bundle(Path({str(source)!r})).digest)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "PYTHONHASHSEED": "7",
            "TZ": "Asia/Tokyo",
        },
    )
    assert ran.stdout.strip() == Bundle(source).digest


@pytest.mark.parametrize("change", ["content", "name", "extra"])
def test_other_content_is_another_digest(source: Path, change: str) -> None:
    before = Bundle(source).digest
    if change == "content":
        (source / "app.py").write_bytes(b"def handler(): pass\n")
    elif change == "name":
        (source / "app.py").rename(source / "apt.py")
    assert Bundle(source, (("start.py", b"x"),) if change == "extra" else ()).digest != before


def test_the_digest_is_lambda_s(source: Path) -> None:
    created = Bundle(source)
    assert created.digest == base64.b64encode(hashlib.sha256(created.content).digest()).decode()


def test_files_are_readable_by_the_user_that_runs_the_function(source: Path) -> None:
    (source / "app.py").chmod(0o600)
    with zipfile.ZipFile(io.BytesIO(Bundle(source).content)) as archive:
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}


@pytest.mark.parametrize(
    "name",
    [".env", ".env.production", "pkg/.env", "__pycache__/app.cpython-312.pyc", "pkg/__pycache__/x.pyc", "old.pyc",
     "builder.pem", "pkg/server.key", ".git/config", ".venv/lib/x.py", ".awsprov/demo.json", ".pytest_cache/x",
     ".mypy_cache/x", ".DS_Store", "terraform.tfstate", "terraform.tfstate.backup", "prod.tfvars",
     "requirements.txt", "requirements-dev.txt"],
)  # fmt: skip
def test_secrets_caches_and_environments_stay_here(source: Path, name: str) -> None:
    before = Bundle(source).content
    fill(source, {name: b"secret"})
    assert Bundle(source).content == before


@pytest.mark.parametrize("rules", [UploadRules(), UploadRules(include=("server.key",))])
def test_a_virtual_environment_of_any_name_stays_here(source: Path, rules: UploadRules) -> None:
    before = Bundle(source, rules=rules).content
    fill(source, {"env/pyvenv.cfg": b"home = /usr/bin", "env/lib/numpy/core.py": b"x"})
    (source / "env" / "python").symlink_to("/usr/bin/python3")
    assert Bundle(source, rules=rules).content == before


def test_files_that_are_added(source: Path) -> None:
    assert unpacked(Bundle(source, (("start.py", b"first"),)))["start.py"] == b"first"


# ---- links and worse


def test_a_link_to_a_file_inside_is_followed(source: Path) -> None:
    (source / "alias.py").symlink_to("app.py")
    assert unpacked(Bundle(source))["alias.py"] == FILES["app.py"]


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside.py", "../src-other/x.py"])
def test_a_link_that_leads_out_is_refused(source: Path, target: str) -> None:
    fill(source.parent, {"outside.py": b"x", "src-other/x.py": b"x"})
    (source / "app2.py").symlink_to(target)
    with pytest.raises(UsageError, match="a path outside of"):
        _ = Bundle(source).content


def test_a_link_to_a_directory_outside_is_refused(source: Path) -> None:
    (source / "etc").symlink_to("/etc")
    with pytest.raises(UsageError, match="a path outside of"):
        _ = Bundle(source).content


def test_a_link_to_a_directory_inside_is_followed(source: Path) -> None:
    (source / "current").symlink_to("pkg")
    assert unpacked(Bundle(source)) == {
        **FILES, "current/__init__.py": FILES["pkg/__init__.py"], "current/data.json": FILES["pkg/data.json"]
    }  # fmt: skip


@pytest.mark.parametrize("where", ["again", "pkg/up"])
def test_a_link_in_a_circle_is_refused(source: Path, where: str) -> None:
    (source / where).symlink_to(source)
    with pytest.raises(UsageError, match="a directory that it is in"):
        _ = Bundle(source).content


def test_executable_files_stay_executable(source: Path) -> None:
    (source / "app.py").chmod(0o700)
    with zipfile.ZipFile(io.BytesIO(Bundle(source).content)) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    assert modes == {"app.py": 0o100755, "pkg/__init__.py": 0o100644, "pkg/data.json": 0o100644}


def test_a_name_that_is_not_utf_8_is_an_error_that_can_be_printed(source: Path) -> None:
    if sys.platform == "darwin":
        pytest.skip("the file system refuses such names")
    with open(os.fsencode(source) + b"/caf\xe9.txt", "w"):  # noqa: PTH123 - pathlib cannot write it
        pass
    with pytest.raises(UsageError, match="is not UTF-8") as raised:
        _ = Bundle(source).content
    assert raised.value.what.encode()
    assert unpacked(Bundle(source, rules=UploadRules(exclude=("caf*",)))) == FILES


# ---- secrets

CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"
PRIVATE = b"-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("name", "content", "goes"),
    [
        ("certs/bundle.pem", CERTIFICATE * 3, True),
        ("public.pem", b"-----BEGIN PUBLIC KEY-----\nMII\n", True),
        ("ca.CRT", b"\x30\x82 DER", True),
        ("both.pem", CERTIFICATE + PRIVATE, False),
        ("key.PEM", PRIVATE, False),
        ("server.crt", CERTIFICATE + PRIVATE.replace(b"RSA ", b""), False),
        ("old.pem.bak", PRIVATE, False),
        ("unknown.pem", b"x", False),
    ],
)
def test_certificates_are_uploaded_and_private_keys_are_not(
    source: Path, name: str, content: bytes, goes: bool
) -> None:
    fill(source, {name: content})
    created = Bundle(source)
    assert (name in unpacked(created)) == goes
    assert created.selection.left_out == (() if goes else (name,))


@pytest.mark.parametrize(
    "name",
    [".ENV", "prod.env", "SERVER.KEY", "server.key.bak", "id_rsa", "id_ed25519", ".ssh/config", ".aws/credentials",
     ".netrc", ".pypirc", ".npmrc", ".git-credentials", ".docker/config.json", "a.p12", "a.pfx", "a.JKS", "a.ppk",
     "prod.tfvars.json", ".bash_history", "deep/down/.env.local"],
)  # fmt: skip
def test_what_looks_like_a_secret_is_left_out_and_reported(source: Path, name: str) -> None:
    fill(source, {name: b"hunter22"})
    created = Bundle(source)
    assert unpacked(created) == FILES
    assert any(name.startswith(each) for each in created.selection.left_out)
    assert "functions.f.include" in created.selection.note("the code of f", "functions.f")


def test_what_the_configuration_names_as_a_secret_never_goes(source: Path) -> None:
    fill(source, {"settings.conf": b"hunter22", "state/demo.json": b"{}", "pkg/builder": b"key"})
    (source / "alias.txt").hardlink_to(source / "app.py")
    secret = tuple((source / name).resolve() for name in ("settings.conf", "state", "pkg/builder"))
    created = Bundle(source, rules=UploadRules(include=("*",), secret=secret))
    assert set(unpacked(created)) == {*FILES, "alias.txt"}
    (source / "link.txt").symlink_to("settings.conf")
    assert "link.txt" not in unpacked(Bundle(source, rules=UploadRules(secret=secret)))


@pytest.mark.parametrize("include", [(), ("*",)])
def test_the_state_directory_in_the_source_is_left_out_without_a_word(source: Path, include: tuple[str, ...]) -> None:
    """It is there in every project whose handler is beside config.yaml, and no one misses it."""
    fill(source, {".awsprov/demo.json": b"{}", ".env": b"A=1"})
    rules = UploadRules(include=include, secret=((source / ".awsprov").resolve(), (source / ".env").resolve()))
    created = Bundle(source, rules=rules)
    assert unpacked(created) == FILES
    assert created.selection.left_out == (".env",)


def test_the_owner_s_patterns(source: Path) -> None:
    fill(source, {"certs/server.key": PRIVATE, "tests/test_app.py": b"", "pkg/tests/x.py": b"", "notes.ipynb": b"{}"})
    rules = UploadRules(include=("certs/*.key",), exclude=("/tests", "*.IPYNB"))
    assert set(unpacked(Bundle(source, rules=rules))) == {*FILES, "certs/server.key"}
    only_top = UploadRules(exclude=("tests/*", "*.ipynb", "certs"))
    assert set(unpacked(Bundle(source, rules=only_top))) == {*FILES, "pkg/tests/x.py"}


def test_a_link_to_what_stays_here_does_not_smuggle_it_out(source: Path) -> None:
    fill(source, {".env": b"PASSWORD=hunter22"})
    (source / "settings.txt").symlink_to(".env")
    with pytest.raises(UsageError, match=r"settings\.txt"):
        _ = Bundle(source).content


def test_a_link_to_nothing_is_refused(source: Path) -> None:
    (source / "gone.py").symlink_to("nowhere.py")
    with pytest.raises(UsageError, match="not a regular file"):
        _ = Bundle(source).content


def test_a_fifo_is_refused_without_being_read(source: Path) -> None:
    os.mkfifo(source / "pipe")
    with pytest.raises(UsageError, match="not a regular file"):
        _ = Bundle(source).content


def test_a_source_that_is_itself_a_link_is_followed(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)
    assert Bundle(tmp_path / "link").content == Bundle(source).content


# ---- limits


def test_more_than_lambda_unpacks_is_refused(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MAX_UNZIPPED", 100)
    with pytest.raises(UsageError, match=r"too large for Lambda: .* unzipped") as caught:
        _ = Bundle(source).content
    assert "requirements.txt" in caught.value.remedy


def test_a_zip_larger_than_lambda_accepts_is_refused(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MAX_ZIPPED", 100)
    with pytest.raises(UsageError, match=r"too large for Lambda: .* zipped"):
        _ = Bundle(source).content
