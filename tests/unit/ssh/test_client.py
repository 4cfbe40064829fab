"""SSH sessions with a real server on this machine: host keys, logins, commands and their output, files."""

import io
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from awsprov.errors import AwsprovError, TimedOutError, UsageError
from awsprov.ssh import keys
from awsprov.ssh.client import Shell, _lines
from awsprov.ssh.known_hosts import store_host_keys, stored_host_keys
from awsprov.ssh.login import SshTarget
from awsprov.ssh.terminal import strip_control_sequences
from tests.unit.ssh.ssh_server import Server


@pytest.fixture(scope="module")
def host_key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate(bits=256)


@pytest.fixture
def server(host_key: paramiko.PKey, key: Path, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "home").mkdir()
    created = Server(host_key, keys.public_key(key), tmp_path / "home")
    created.start()
    yield created
    created.stop()


def pinned(server: Server, *host_keys: str) -> SshTarget:
    return SshTarget("i-1", "127.0.0.1", server.port, host_keys or (line(server.host_key),))


def line(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.get_base64()}"


def nothing_answers() -> AwsprovError:
    return AwsprovError("Nothing answers.")


def opened(server: Server, key: Path, *host_keys: str, within: float = 5) -> Shell:
    return Shell.open(pinned(server, *host_keys), "ec2-user", key, nothing_answers, within)


# ---- the host key


def test_the_pinned_machine_is_logged_into(server: Server, key: Path) -> None:
    with opened(server, key):
        assert server.attempts
        assert set(server.attempts) == {"ec2-user"}


def test_another_host_key_ends_it_before_a_login_is_tried(server: Server, key: Path) -> None:
    other = line(paramiko.ECDSAKey.generate(bits=256))
    began = time.monotonic()
    with pytest.raises(AwsprovError, match="is not the builder: its host key is another one") as caught:
        opened(server, key, other, within=60)
    assert server.attempts == []
    assert "SHA256:" in caught.value.why
    assert time.monotonic() - began < 20  # and it is not tried again


def test_a_host_key_of_another_type_is_another_host_key(server: Server, key: Path) -> None:
    with pytest.raises(AwsprovError, match="host key is another one"):
        opened(server, key, keys.public_key(key), within=60)
    assert server.attempts == []


def test_one_of_several_pinned_keys_is_enough(server: Server, key: Path) -> None:
    with opened(server, key, keys.public_key(key), line(server.host_key)):
        assert server.attempts


@pytest.mark.parametrize("host_keys", [("",), ("garbage",), ("ssh-ed25519 AAAA",)])
def test_without_a_pinned_key_no_login_is_tried(server: Server, key: Path, host_keys: tuple[str, ...]) -> None:
    with pytest.raises(AwsprovError):
        opened(server, key, *host_keys, within=0)
    assert server.attempts == []


# ---- the login


def test_it_is_tried_again_while_the_machine_boots(host_key: paramiko.PKey, key: Path, tmp_path: Path) -> None:
    later = Server(host_key, keys.public_key(key), tmp_path)
    later.port = later.listener.getsockname()[1]
    later.listener.close()  # nothing listens there yet

    def boot() -> None:
        later.listener = socket.create_server(("127.0.0.1", later.port))
        later.start()

    threading.Timer(0.5, boot).start()
    with opened(later, key, within=20):
        assert later.attempts
    later.stop()


def test_nothing_that_answers_ends_in_the_diagnosis(server: Server, key: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        server.port = free.getsockname()[1]
    with pytest.raises(AwsprovError, match="Nothing answers"):
        opened(server, key, within=0)


def test_a_rejected_key_ends_in_the_diagnosis(server: Server, key: Path) -> None:
    server.allowed = ""
    with pytest.raises(AwsprovError, match="Nothing answers"):
        opened(server, key, within=0)
    assert server.attempts


def test_a_key_that_others_may_read_is_not_used(server: Server, key: Path) -> None:
    key.chmod(0o644)
    with pytest.raises(UsageError, match="readable by other users"):
        opened(server, key)
    assert server.transports == []


def test_no_other_key_of_this_machine_is_offered(server: Server, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = key.parent / "me"
    (home / ".ssh").mkdir(parents=True)
    keys.generate(home / ".ssh" / "id_ed25519")
    monkeypatch.setenv("HOME", str(home))
    server.allowed = ""
    with pytest.raises(AwsprovError):
        opened(server, key, within=0)
    assert len(server.attempts) == 1


# ---- commands


def test_lines_arrive_as_they_are_printed(server: Server, key: Path) -> None:
    server.script, heard = (
        [b"first\n", 0.5, b"sec", 0.1, b"ond\r\nthi", b"rd\rfourth\nno end"],
        list[tuple[float, str]](),
    )
    with opened(server, key) as shell:
        ran = shell.run("work", lambda text: heard.append((time.monotonic(), text)))
    assert [text for _, text in heard] == ["first", "second", "third", "fourth", "no end"]
    assert heard[1][0] - heard[0][0] > 0.3
    assert (ran.status, ran.last) == (0, ("first", "second", "third", "fourth", "no end"))
    assert server.commands == ["work"]


@pytest.mark.parametrize("status", [0, 1, 42, 255])
def test_the_exit_status_is_returned(server: Server, key: Path, status: int) -> None:
    server.status = status
    with opened(server, key) as shell:
        assert shell.run("work").status == status


def test_only_the_last_lines_are_kept(server: Server, key: Path) -> None:
    server.script = [b"".join(b"%d\n" % n for n in range(500))]
    with opened(server, key) as shell:
        assert shell.run("work").last == tuple(str(n) for n in range(470, 500))


def test_what_drives_a_terminal_does_not_get_through(server: Server, key: Path) -> None:
    server.script = [b"\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x07 \x1b]8;;http://x\x1b\\link\xe2\x80\xae \xff\n"]
    with opened(server, key) as shell:
        assert shell.run("work").last == ("red bell link \ufffd",)


class Endless:
    """A channel that sends one line, in as many pieces as it is read."""

    def __init__(self, size: int) -> None:
        self.left = size

    def recv(self, size: int) -> bytes:
        sent = min(size, self.left)
        self.left -= sent
        return b"x" * sent


def test_a_line_without_an_end_takes_neither_memory_nor_time() -> None:
    began = time.process_time()
    (line,) = _lines(Endless(200_000_000))  # type: ignore[arg-type]  # all that is used of a channel
    assert len(line) == 1 << 20
    assert time.process_time() - began < 20  # reading it all again with each piece takes minutes


def test_a_command_that_says_nothing_for_too_long_is_stuck(server: Server, key: Path) -> None:
    server.script = [b"start\n", 5.0]
    began = time.monotonic()
    with opened(server, key) as shell, pytest.raises(TimedOutError, match="printed nothing") as caught:
        shell.run("work --hard", output_timeout=0.4)
    assert time.monotonic() - began < 5
    assert caught.value.why == "work --hard"


def test_silence_counts_from_the_last_line(server: Server, key: Path) -> None:
    server.script = [b"a\n", 0.4, b"b\n", 0.4, b"c\n", 0.4]
    with opened(server, key) as shell:
        assert shell.run("work", output_timeout=0.9).last == ("a", "b", "c")


def test_a_connection_that_breaks_is_reported(server: Server, key: Path) -> None:
    server.script, server.hang_up = [b"start\n", 0.1], True
    with opened(server, key) as shell, pytest.raises(AwsprovError, match="SSH connection broke"):
        shell.run("work")


def test_a_command_that_a_signal_ends_is_not_a_broken_connection(server: Server, key: Path) -> None:
    server.status = None
    with opened(server, key) as shell:
        assert shell.run("work").status == -1


def test_a_session_that_is_closed_runs_nothing(server: Server, key: Path) -> None:
    shell = opened(server, key)
    shell.close()
    with pytest.raises(AwsprovError, match="SSH connection broke"):
        shell.run("work")


def test_commands_are_logged_by_program_and_exit_code_without_their_arguments(
    server: Server, key: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "awsprov.ssh"), opened(server, key) as shell:
        shell.run("work --token s3cret")
        shell.run("python3.12 .awsprov/install.py --index https://user:s3cret@example.com")
        shell.run("TOKEN=s3cret work")
    assert re.search(r"i-1 port \d+: connected in \d+\.\d s", caplog.text)
    for logged in ("work: exit code", "python3.12 install.py: exit code", "command: exit code"):
        assert logged in caplog.text
    assert "s3cret" not in caplog.text


def test_a_file_is_put_for_its_owner_only(server: Server, key: Path) -> None:
    content = bytes(range(256)) * 500
    with opened(server, key) as shell:
        shell.put(content, "there.bin")
    assert (server.root / "there.bin").read_bytes() == content
    assert (server.root / "there.bin").stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_reported(server: Server, key: Path) -> None:
    with opened(server, key) as shell, pytest.raises(AwsprovError, match=r"no/such could not be sent to the builder"):
        shell.put(b"content", "no/such")


def test_a_connection_that_breaks_while_a_file_is_sent_is_reported(server: Server, key: Path) -> None:
    class Breaking(io.BytesIO):
        """A file in the middle of which the server hangs up."""

        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                server.transports[-1].close()
            return super().read(min(size or 1, 1))

    with opened(server, key) as shell, pytest.raises(AwsprovError, match="could not be sent") as caught:
        shell.send(Breaking(bytes(1000)), "there.bin")
    assert "same command again" in caught.value.remedy


# ---- what is kept of a machine


def test_a_machine_s_keys_are_kept_as_ssh_reads_them(tmp_path: Path, host_key: paramiko.PKey) -> None:
    file = tmp_path / "keys" / "known_hosts"
    store_host_keys(file, "i-1", (line(host_key), "ssh-rsa AAAA"))
    store_host_keys(file, "i-2", ("ssh-rsa BBBB",))
    store_host_keys(file, "i-1", (line(host_key),))
    assert stored_host_keys(file, "i-1") == (line(host_key),)
    assert stored_host_keys(file, "i-2") == ("ssh-rsa BBBB",)
    assert stored_host_keys(file, "i-") == ()
    assert file.stat().st_mode & 0o777 == 0o600
    assert paramiko.HostKeys(str(file)).check("i-1", host_key)


def test_nothing_is_known_at_first(tmp_path: Path) -> None:
    assert stored_host_keys(tmp_path / "nowhere", "i-1") == ()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("plain äöü 你好 ✓", "plain äöü 你好 ✓"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\x1b[1;31mred\x1b[m", "red"),
        ("\x1b]52;c;aGVsbG8=\x07clip", "clip"),
        ("\x1b]0;never ended", ""),
        ("\x1bc\x1b7reset", "reset"),
        ("\x9b31mold", "31mold"),
        ("a\u202eb\u2066c", "abc"),
        ("a\x08b\x00c\x7fd\re", "abcde"),
    ],
)
def test_text_without_control_sequences_keeps_its_words(text: str, left: str) -> None:
    assert strip_control_sequences(text) == left
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", strip_control_sequences(text))
