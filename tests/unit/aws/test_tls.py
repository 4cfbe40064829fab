"""Errors of TLS: a certificate that is refused comes before the request, others may come after it."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.awsrequest import AWSRequest
from botocore.exceptions import SSLError
from botocore.httpsession import URLLib3Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from awsprov.aws.retries import raise_if_lost
from awsprov.errors import LostResponseError

OPERATION = SimpleNamespace(name="CreateVpc")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that its own key has signed, with the key."""
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - DAY, now + DAY)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = builder.add_extension(address, critical=True).sign(key, hashes.SHA256())
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain) + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    """A server that takes a request, and then sends what is no TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, context), daemon=True).start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}/"


def _serve(server: socket.socket, context: ssl.SSLContext) -> None:
    plain, _ = server.accept()
    try:
        with context.wrap_socket(plain, server_side=True) as encrypted:
            encrypted.recv(4096)
            raw = socket.socket(fileno=encrypted.detach())
    except ssl.SSLError:  # the client refused the certificate
        return
    with raw:
        raw.sendall(b"x" * 100)


def error_of(send: Callable[[], object]) -> SSLError:
    with pytest.raises(SSLError) as caught:
        send()
    return caught.value


def test_a_certificate_that_is_refused_comes_before_the_request(url: str) -> None:
    error = error_of(lambda: URLLib3Session(timeout=10).send(AWSRequest("POST", url).prepare()))
    raise_if_lost(None, OPERATION, error)


def test_another_error_may_come_after_the_request(url: str, certificate: Path) -> None:
    trusting = URLLib3Session(verify=str(certificate), timeout=10)  # type: ignore[arg-type]  # a path, too
    error = error_of(lambda: trusting.send(AWSRequest("POST", url).prepare()))
    with pytest.raises(LostResponseError):
        raise_if_lost(None, OPERATION, error)
