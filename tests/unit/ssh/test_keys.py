"""SSH keys: generated for their owner only, never over another, and refused when others can read them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from awsprov.errors import UsageError
from awsprov.ssh import keys


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "demo.pem"
    keys.generate(path)
    return path


def test_only_the_owner_can_read_a_new_key_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keys.generate(tmp_path / "keys" / "demo.pem")
    finally:
        os.umask(before)
    assert (tmp_path / "keys" / "demo.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_ssh_keygen_reads_a_new_key(key: Path) -> None:
    ran = subprocess.run(["ssh-keygen", "-y", "-f", str(key)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split()[:2] == keys.public_key(key).split()
    assert keys.public_key(key).startswith("ssh-ed25519 ")


def test_two_keys_differ(key: Path, tmp_path: Path) -> None:
    keys.generate(tmp_path / "other")
    assert keys.public_key(tmp_path / "other") != keys.public_key(key)


def test_an_existing_key_is_never_overwritten(key: Path) -> None:
    before = key.read_bytes()
    with pytest.raises(FileExistsError):
        keys.generate(key)
    assert key.read_bytes() == before


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="exists"):
        keys.generate(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601])
def test_a_key_that_others_can_read_is_refused(key: Path, mode: int) -> None:
    key.chmod(mode)
    for use in (keys.check_private_key, keys.public_key):
        with pytest.raises(UsageError, match="readable by other users") as caught:
            use(key)
        assert caught.value.remedy == f"chmod 600 {key}"


def test_a_key_that_only_its_owner_can_read_is_accepted(key: Path) -> None:
    key.chmod(0o400)
    keys.check_private_key(key)


def test_a_missing_key_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        keys.check_private_key(tmp_path / "nowhere")


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_the_public_key_of_each_kind_is_the_one_of_ssh_keygen(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True)
    expected = path.with_suffix(".pub").read_text().split()[:2]
    assert keys.public_key(path).split() == expected
    path.with_suffix(".pub").unlink()
    assert keys.public_key(path).split() == expected


def test_a_public_key_that_is_older_than_the_private_key_is_not_used(key: Path, tmp_path: Path) -> None:
    keys.generate(tmp_path / "other")
    later = keys.public_path(key).stat().st_mtime_ns + 1
    key.write_bytes((tmp_path / "other").read_bytes())
    os.utime(key, ns=(later, later))
    assert keys.public_key(key) == keys.public_key(tmp_path / "other")


def test_the_public_key_of_a_generated_key_is_read_without_cryptography(key: Path) -> None:
    code = f"import sys, pathlib, awsprov.ssh.keys as k; k.public_key(pathlib.Path({str(key)!r})); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cryptography" not in ran.stdout.split()


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_not_a_private_key_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UsageError, match="not a private key"):
        keys.public_key(path)


def test_a_key_with_a_passphrase_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(path)], check=True)
    path.with_suffix(".pub").unlink()
    with pytest.raises(UsageError, match="not a private key that awsprov can use"):
        keys.public_key(path)


def test_a_public_key_is_read_without_its_comment(key: Path, tmp_path: Path) -> None:
    public = tmp_path / "id.pub"
    public.write_text(f"{keys.public_key(key)} me@home\n")
    assert keys.read_public_key(public) == keys.public_key(key)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"ssh-ed25519", b"ssh-ed25519 AAAA", b"ssh-new AAAAB3Nz", b"\xff\xfe"]
)
def test_a_file_that_is_not_a_public_key_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "id.pub").write_bytes(content)
    with pytest.raises(UsageError, match="not a readable public key"):
        keys.read_public_key(tmp_path / "id.pub")
