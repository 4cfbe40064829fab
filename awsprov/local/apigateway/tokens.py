"""JSON Web Tokens, checked as the JWT authorizer of HTTP APIs checks them: RSA signatures, issuer, audience, times.

The issuer's keys are fetched from loopback addresses only: this cloud speaks to nobody outside the machine.
"""

import base64
import binascii
import json
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "RS256": hashes.SHA256(),
    "RS384": hashes.SHA384(),
    "RS512": hashes.SHA512(),
}
_FRESH = 300.0  # seconds for which an issuer's keys are kept
_PATIENCE = 5.0
_SIZE = 1 << 20


class TokenError(Exception):
    """The token is not good; the message is the `error_description` that the client gets."""


class ScopeError(TokenError):
    """The token is good, and not for this route."""


@dataclass
class Issuers:
    """The keys of the issuers that were asked."""

    _known: dict[str, tuple[float, dict[str, RSAPublicKey]]] = field(default_factory=dict)

    def claims(self, token: str, configuration: dict[str, Any], scopes: list[str]) -> dict[str, Any]:
        """The claims of a good token."""
        header, claims, signed, signature = _parts(token)
        if claims.get("iss") != configuration.get("issuer"):
            raise TokenError("the token has an invalid issuer")
        algorithm = _HASHES.get(str(header.get("alg")))
        if algorithm is None:
            raise TokenError("the token is signed with an algorithm that is not supported")
        try:
            self._key(str(claims["iss"]), str(header.get("kid"))).verify(signature, signed, PKCS1v15(), algorithm)
        except InvalidSignature as error:
            raise TokenError("signature is invalid") from error
        _check(claims, configuration.get("audience") or [])
        _check_scopes(claims, scopes)
        return claims

    def _key(self, issuer: str, name: str) -> RSAPublicKey:
        fetched, keys = self._known.get(issuer, (0.0, {}))
        if name not in keys or time.monotonic() - fetched > _FRESH:
            keys = _fetch_keys(issuer)
            self._known[issuer] = (time.monotonic(), keys)
        if name not in keys:
            raise TokenError("signing key was not found among the issuer's keys")
        return keys[name]


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    try:
        head, body, tail = token.split(".")
        header, claims = json.loads(_decoded(head)), json.loads(_decoded(body))
        signature = _decoded(tail)
    except (ValueError, binascii.Error) as error:
        raise TokenError("the token is malformed") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise TokenError("the token is malformed")
    return header, claims, f"{head}.{body}".encode(), signature


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check(claims: dict[str, Any], audience: list[str]) -> None:
    named = claims.get("aud", claims.get("client_id"))
    if not set(named if isinstance(named, list) else [named]) & set(audience):
        raise TokenError("the token has an invalid audience")
    moment = time.time()
    if not _number(claims.get("exp"), moment - 1) > moment:
        raise TokenError("the token has expired")
    if max(_number(claims.get("nbf"), 0), _number(claims.get("iat"), 0)) > moment:
        raise TokenError("the token is not valid yet")


def _check_scopes(claims: dict[str, Any], scopes: list[str]) -> None:
    given = claims.get("scope", claims.get("scp", ""))
    if scopes and not set(given if isinstance(given, list) else str(given).split()) & set(scopes):
        raise ScopeError("insufficient_scope")


def _number(value: Any, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


def _fetch_keys(issuer: str) -> dict[str, RSAPublicKey]:
    document = _fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    try:
        keys = _fetch(str(document["jwks_uri"]))["keys"]
        return {str(key.get("kid")): _public(key) for key in keys if key.get("kty") == "RSA"}
    except (KeyError, TypeError, ValueError) as error:
        raise TokenError("the issuer's documents are malformed") from error


def _public(key: dict[str, str]) -> RSAPublicKey:
    exponent, modulus = (int.from_bytes(_decoded(key[name])) for name in ("e", "n"))
    return RSAPublicNumbers(exponent, modulus).public_key()


def _fetch(url: str) -> Any:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or parts.hostname not in _LOOPBACK:
        raise TokenError(f"the local cloud asks issuers on loopback addresses only, not {parts.hostname}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(url, timeout=_PATIENCE) as response:
            return json.loads(response.read(_SIZE))
    except (OSError, ValueError) as error:
        raise TokenError("OIDC discovery endpoint communication error") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would lead off this machine."""

    def redirect_request(self, *_: Any) -> None:
        return None
