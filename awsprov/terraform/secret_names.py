"""Which names and values look like secrets."""

import re
from typing import Any

SECRET = re.compile(
    r"passw|_pass$|pwd|secret|token|credential|private(?!_?(subnet|ip|dns|cidr|zone|route|network))|api_?key|"
    r"access_?key|_key$|dsn$|_pat$|webhook|bearer|jwt|hmac|cookie|salt$|seed$|(^|_)auth$",
    re.IGNORECASE,
)
# Values that are secrets whatever their name is: a URL with a password, an AWS access key, a private key, a token.
SECRET_VALUE = re.compile(
    r"://[^/\s:@]*:[^/\s@]+@|\bA(KIA|SIA)[A-Z0-9]{16}\b|-----BEGIN|^(gh[pousr]_|github_pat_|glpat-|xox[a-z]-|sk-|eyJ)"
)


def looks_secret(name: str, value: Any) -> bool:
    """Return whether a variable is a secret by its name, or by its value."""
    return bool(SECRET.search(name)) or (isinstance(value, str) and bool(SECRET_VALUE.search(value)))
