"""Verification of JSON Web Tokens for the JWT authorizers of HTTP APIs, with PyJWT and the error messages of AWS.

The keys of an issuer are requested from loopback addresses only: the local cloud connects to no other host.
"""

import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from awsprov.local.apigateway.messages import Request

_ALGORITHMS = ("RS256", "RS384", "RS512")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_KEYS_LIFESPAN = 300.0  # seconds for which the keys of an issuer are cached
_TIMEOUT = 5.0  # seconds
_MAX_DOCUMENT = 1 << 20  # bytes

# AWS's `error_description` for each error of PyJWT. The first class that matches is used.
_DESCRIPTIONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.InvalidAlgorithmError, "the token is signed with an algorithm that is not supported"),
    (jwt.InvalidSignatureError, "signature is invalid"),
    (jwt.ExpiredSignatureError, "the token has expired"),
    (jwt.MissingRequiredClaimError, "the token has expired"),  # `exp` is the only required claim
    (jwt.ImmatureSignatureError, "the token is not valid yet"),
    (jwt.InvalidTokenError, "the token is malformed"),
    (jwt.PyJWKClientError, "signing key was not found among the issuer's keys"),
    (jwt.PyJWTError, "the issuer's documents are malformed"),
)


class TokenError(Exception):
    """A token that is not valid; the message is the `error_description` for the client."""


class ScopeError(TokenError):
    """A valid token without a scope that the route requires."""


class JwtVerifier:
    """Verifies tokens, and caches the keys of their issuers."""

    def __init__(self) -> None:
        self._clients: dict[str, _KeyClient] = {}

    def claims(self, token: str, configuration: dict[str, Any], scopes: list[str]) -> dict[str, Any]:
        """Verify a token and return its claims.

        Arguments:
            configuration: the `JwtConfiguration` of the authorizer: `issuer` and `audience`.
            scopes: the scopes of the route, of which the token must have at least one.

        Raises:
            TokenError: the token is not valid.
            ScopeError: the token is valid, and has none of the scopes.
        """
        try:
            claims = self._verified_claims(token, configuration.get("issuer"))
        except jwt.PyJWTError as error:
            description = next(text for kind, text in _DESCRIPTIONS if isinstance(error, kind))
            raise TokenError(description) from error
        except RecursionError as error:  # JSON with thousands of brackets
            raise TokenError("the token is malformed") from error
        _check_audience(claims, configuration.get("audience") or [])
        _check_scopes(claims, scopes)
        return claims

    def _verified_claims(self, token: str, issuer: str | None) -> dict[str, Any]:
        unverified = jwt.decode_complete(token, options={"verify_signature": False})
        if not issuer or unverified["payload"].get("iss") != issuer:
            raise TokenError("the token has an invalid issuer")
        key = self._key(issuer, str(unverified["header"].get("kid")))
        options: Any = {"require": ["exp"], "verify_aud": False, "verify_sub": False, "verify_jti": False}
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=_ALGORITHMS, options=options)
        return claims

    def _key(self, issuer: str, key_id: str) -> RSAPublicKey:
        _check_loopback(issuer)
        client = self._clients.get(issuer)
        if client is None:
            url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            client = self._clients[issuer] = _KeyClient(url, lifespan=_KEYS_LIFESPAN)
        key = client.get_signing_key(key_id).key
        if not isinstance(key, RSAPublicKey):
            raise jwt.InvalidAlgorithmError
        return key


def bearer_token(request: Request, sources: list[str] | str | None) -> str:
    """Return the token from the identity sources of the authorizer, without `Bearer`."""
    for source in [sources] if isinstance(sources, str) else sources or ["$request.header.Authorization"]:
        _, location, name = source.split(".", 2)
        if location == "header":
            value = request.lower_headers.get(name.lower(), "")
        else:
            value = request.query_parameters.get(name, [""])[-1]
        if value:
            return value[7:] if value.lower().startswith("bearer ") else value
    return ""


def claim_text(value: Any) -> str:
    """Return a claim as AWS passes it to functions: as text, and lists in brackets."""
    if isinstance(value, list):
        return f"[{' '.join(str(each) for each in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


class _KeyClient(jwt.PyJWKClient):
    """Fetches the keys of an issuer, whose URL is in its OpenID configuration."""

    def fetch_data(self) -> Any:
        """Fetch the keys and cache them, as PyJWT's own method does, but from loopback addresses only."""
        try:
            keys = _fetch(str(_fetch(self.uri)["jwks_uri"]))
        except (KeyError, TypeError) as error:
            raise TokenError("the issuer's documents are malformed") from error
        if self.jwk_set_cache is not None:
            self.jwk_set_cache.put(keys)
        return keys


def _check_audience(claims: dict[str, Any], audience: list[str]) -> None:
    """AWS accepts `client_id` in place of `aud`, and only if there is no `aud`."""
    values = claims.get("aud", claims.get("client_id"))
    if not any(value in audience for value in (values if isinstance(values, list) else [values])):
        raise TokenError("the token has an invalid audience")


def _check_scopes(claims: dict[str, Any], scopes: list[str]) -> None:
    values = claims.get("scope", claims.get("scp", ""))
    if scopes and not any(value in scopes for value in (values if isinstance(values, list) else str(values).split())):
        raise ScopeError("insufficient_scope")


def _check_loopback(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or parts.hostname not in _LOOPBACK:
        raise TokenError(f"the local cloud accepts issuers on loopback addresses only, not {parts.hostname}")


def _fetch(url: str) -> Any:
    _check_loopback(url)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(url, timeout=_TIMEOUT) as response:
            return json.loads(response.read(_MAX_DOCUMENT))
    except (OSError, ValueError) as error:
        raise TokenError("OIDC discovery endpoint communication error") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, which could lead to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None
