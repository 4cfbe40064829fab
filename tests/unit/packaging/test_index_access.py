"""What package indexes get: nothing of this machine except what the user allowed for their host."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from awsprov.errors import AwsprovError, RefusedError, UsageError
from awsprov.packaging.index_access import IndexAccess, parse_allowance
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.installation import installation_of
from awsprov.packaging.lockfile import Lock
from tests.unit.packaging.conftest import Serve
from tests.unit.packaging.package_index import PackageIndex

SECRET = "hunter2-secret"
VARIABLES = {"INDEX_USER": "joe", "INDEX_TOKEN": SECRET, "AWS_SECRET_ACCESS_KEY": SECRET, "OTHER": SECRET}
BOTH = ("INDEX_USER@127.0.0.1", "INDEX_TOKEN@127.0.0.1")


def access(*allowed: str, read_only: bool = False, variables: Mapping[str, str] = VARIABLES) -> IndexAccess:
    return IndexAccess(frozenset(map(parse_allowance, allowed)), variables, read_only)


def lock_of(tmp_path: Path, requirements: str) -> Lock:
    (tmp_path / "requirements.txt").write_text(requirements)
    return Lock(tmp_path / "requirements.txt", tmp_path / "requirements.lock", InstallTarget("3.12"))


@pytest.fixture
def private(serve: Serve) -> PackageIndex:
    """An index that requires credentials."""
    index = serve("private", f"joe:{SECRET}")
    index.add("one", "1.0")
    return index


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://HOST/${AWS_SECRET_ACCESS_KEY}/simple", ()),
        ("http://HOST/${OTHER}/simple", BOTH),
        ("http://${INDEX_USER}:${INDEX_TOKEN}@HOST/simple", BOTH[:1]),
        ("http://${INDEX_USER}:${INDEX_TOKEN}@HOST/simple", ("INDEX_USER@127.0.0.2", "INDEX_TOKEN@127.0.0.2")),
    ],
)
def test_a_variable_that_is_not_allowed_reaches_no_index(
    tmp_path: Path, serve: Serve, url: str, allowed: tuple[str, ...], read_only: bool
) -> None:
    index = serve("attacker")
    url = url.replace("HOST", f"127.0.0.1:{index.port}")
    for option in ("--index-url", "--extra-index-url", "--find-links"):
        with pytest.raises(RefusedError) as refused:
            lock_of(tmp_path, f"{option} {url}\none\n").resolved(access(*allowed, read_only=read_only))
        assert SECRET not in f"{refused.value.why}{refused.value.remedy}"
    assert index.asked == []


@pytest.mark.parametrize("exceptions", ["", "a.example"])
def test_an_index_on_this_machine_is_called_without_a_proxy(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch, exceptions: str
) -> None:
    index = serve("near")
    index.add("one", "1.0")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, exceptions)
    lock = lock_of(tmp_path, f"--index-url {index.url()}\none\n")
    assert [each.name for each in lock.resolved(access()).packages] == ["one"]


def test_a_command_that_only_reads_sends_nothing_even_if_it_is_allowed(tmp_path: Path, private: PackageIndex) -> None:
    url = private.url("${INDEX_USER}:${INDEX_TOKEN}")
    with pytest.raises(RefusedError) as refused:
        lock_of(tmp_path, f"--index-url {url}\none\n").resolved(access(*BOTH, read_only=True))
    assert "awsprov lock --allow INDEX_USER@127.0.0.1 --allow INDEX_TOKEN@127.0.0.1" in refused.value.remedy
    assert private.asked == []


def test_the_refusal_has_the_options_that_allow_it(tmp_path: Path, private: PackageIndex) -> None:
    lock = lock_of(tmp_path, f"--index-url {private.url('${INDEX_USER}:${INDEX_TOKEN}')}\none\n")
    with pytest.raises(RefusedError) as refused:
        lock.resolved(access())
    options = refused.value.remedy.partition("--allow ")[2].split(" --allow ")
    assert lock.resolved(access(*options)).pins == {"one": "1.0"}


@pytest.mark.parametrize(
    "text", ["AWS_SECRET_ACCESS_KEY@example.com", "TOKEN", "TOKEN@", "@host", "token@host", "A B@c"]
)
def test_what_cannot_be_allowed_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_allowance(text)


def test_credentials_are_used_and_written_nowhere(tmp_path: Path, private: PackageIndex) -> None:
    lock = lock_of(tmp_path, f"--index-url {private.url('${INDEX_USER}:${INDEX_TOKEN}')}\none\n")
    found = lock.resolved(access(*BOTH))
    found.write()
    assert found.packages[0].index == private.url()
    assert found.packages[0].file == f"http://127.0.0.1:{private.port}/files/one-1.0-py3-none-any.whl"
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in content for content in written)


def test_the_builder_gets_them_as_variables_for_the_server_of_the_index(tmp_path: Path, private: PackageIndex) -> None:
    lock = lock_of(tmp_path, f"--index-url {private.url('${INDEX_USER}:${INDEX_TOKEN}')}\none\n")
    found = lock.resolved(access(*BOTH))
    sent = installation_of(found, "wheels", access(*BOTH))
    assert SECRET not in sent.requirements
    assert sorted(sent.variables.values()) == [SECRET, "joe"]
    assert "${AWSPROV_INDEX_0_USER}:${AWSPROV_INDEX_0_PASSWORD}@127.0.0.1" in sent.requirements
    with pytest.raises(RefusedError):
        installation_of(found, "wheels", access())


def test_credentials_do_not_go_to_another_server_that_has_the_files(tmp_path: Path, private: PackageIndex) -> None:
    lock = lock_of(tmp_path, f"--index-url {private.url('${INDEX_USER}:${INDEX_TOKEN}')}\none\n")
    found = lock.resolved(access(*BOTH))
    moved = found.text.replace(f"# file http://127.0.0.1:{private.port}", "# file https://files.example.com")
    sent = installation_of(Lock(lock.requirements, lock.path, lock.target, draft=moved), "wheels", access(*BOTH))
    assert sent.requirements.startswith("one @ https://files.example.com/files/one-1.0")
    assert sent.variables == {}


def test_a_lock_file_cannot_use_variables_either(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, "one\n")
    text = lock.text_of([])
    package = f"one==1.0 \\\n    --hash=sha256:{'0' * 64}\n    # file https://evil.example/${{OTHER}}/one-1.0-py3-none-any.whl\n"
    with pytest.raises(RefusedError):
        installation_of(Lock(lock.requirements, lock.path, lock.target, draft=text + package), "wheels", access())


def test_a_token_in_the_path_stays_a_variable_in_the_lock(tmp_path: Path, serve: Serve) -> None:
    index = serve("tokens", prefix=f"/{SECRET}")
    index.add("one", "1.0")
    url = index.url(prefix="/${INDEX_TOKEN}")
    found = lock_of(tmp_path, f"--index-url {url}\none\n").resolved(access(*BOTH))
    assert SECRET not in found.text
    assert found.packages[0].file.startswith(f"http://127.0.0.1:{index.port}/${{INDEX_TOKEN}}/files/")
    assert installation_of(found, "wheels", access(*BOTH)).variables == {"INDEX_TOKEN": SECRET}
    cached = [
        path for path in (tmp_path / "cache").rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert cached == []


def test_a_failed_resolution_does_not_print_values(tmp_path: Path, serve: Serve) -> None:
    index = serve("tokens", prefix=f"/{SECRET}")
    with pytest.raises(AwsprovError) as failed:
        lock_of(tmp_path, f"--find-links {index.url(prefix='/${INDEX_TOKEN}')}\n--no-index\none\n").resolved(
            access(*BOTH)
        )
    assert SECRET not in failed.value.why


def test_netrc_is_used_only_for_a_host_that_is_allowed(tmp_path: Path, private: PackageIndex) -> None:
    entry = tmp_path / "netrc"
    entry.write_text(f"machine 127.0.0.1 login joe password {SECRET}\ndefault login joe password {SECRET}\n")
    entry.chmod(stat.S_IRUSR | stat.S_IWUSR)
    variables = {**VARIABLES, "NETRC": str(entry)}
    lock = lock_of(tmp_path, f"--index-url {private.url()}\none\n")
    with pytest.raises(AwsprovError):
        lock.resolved(access(variables=variables))
    assert private.authorizations == []
    assert lock.resolved(access("netrc@127.0.0.1", variables=variables)).pins == {"one": "1.0"}


def test_the_stored_passwords_of_all_hosts_are_hidden_however_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text(
        "machine a.example login joe password p@ss1\nmachine b.example login joe password two\n"
    )
    allowed = access("netrc@a.example", "netrc@b.example", variables={"NETRC": str(tmp_path / "netrc")})
    expanded = [allowed.expand(f"https://{host}.example/simple") for host in "ab"]
    assert expanded == ["https://joe:p%40ss1@a.example/simple", "https://joe:two@b.example/simple"]
    hidden = allowed.hide(f"{expanded} p@ss1")
    assert not [each for each in ("p%40ss1", "p@ss1", "two") if each in hidden]


def test_netrc_of_this_machine_is_out_of_uv_s_reach(
    tmp_path: Path, private: PackageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login joe password {SECRET}\n")
    (tmp_path / ".netrc").chmod(stat.S_IRUSR | stat.S_IWUSR)
    with pytest.raises(AwsprovError):
        lock_of(tmp_path, f"--index-url {private.url()}\none\n").resolved(IndexAccess(variables=os.environ))
    assert private.authorizations == []


def test_the_process_list_shows_no_value(
    tmp_path: Path, private: PackageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "uv"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/arguments\nexit 1\n')
    program.chmod(stat.S_IRWXU)
    monkeypatch.setattr("uv.find_uv_bin", lambda: str(program))
    lock = lock_of(tmp_path, f"--index-url {private.url('${INDEX_USER}:${INDEX_TOKEN}')}\none\n")
    with pytest.raises(AwsprovError):
        lock.resolved(access(*BOTH))
    assert "pip compile" in (tmp_path / "arguments").read_text()
    assert SECRET not in (tmp_path / "arguments").read_text()


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program `keyring` that has the password of the user joe, and records its requests."""
    (tmp_path / "bin").mkdir()
    program, asked = tmp_path / "bin" / "keyring", tmp_path / "asked"
    answers = f"*simple*) exit 1 ;;\n*creds*) echo joe; echo {SECRET} ;;\n*joe) echo {SECRET} ;;\n*) exit 1 ;;\n"
    program.write_text(f'#!/bin/sh\necho "$@" >> {asked}\ncase "$*" in\n{answers}esac\n')
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return asked


@pytest.mark.parametrize("user", ["", "joe"])
def test_the_keyring_is_called_only_if_that_is_allowed_and_once(
    tmp_path: Path, private: PackageIndex, keyring: Path, user: str
) -> None:
    lock = lock_of(tmp_path, f"--index-url {private.url(user)}\none\n")
    for refused in (access(), access("keyring@127.0.0.2"), access("keyring@127.0.0.1", read_only=True)):
        with pytest.raises(AwsprovError):
            lock.resolved(refused)
    assert not keyring.exists()
    allowed = access("keyring@127.0.0.1")
    found = lock.resolved(allowed)
    assert found.pins == {"one": "1.0"}
    assert len(keyring.read_text().splitlines()) == 2  # the URL, and the host
    assert SECRET not in found.text
    assert SECRET in installation_of(found, "sent", allowed).variables.values()


def test_an_allowed_keyring_that_is_not_installed_is_an_error(
    tmp_path: Path, private: PackageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="not on your PATH"):
        lock_of(tmp_path, f"--index-url {private.url()}\none\n").resolved(access("keyring@127.0.0.1"))
