"""Where awsprov keeps files that belong to a user, not to a project."""

import os
from pathlib import Path

from platformdirs import user_cache_path, user_config_path


def cache_directory() -> Path:
    """Return the directory of files that can be recreated: AWSPROV_CACHE_DIR, or the user's cache directory."""
    return Path(os.environ.get("AWSPROV_CACHE_DIR") or user_cache_path("awsprov"))


def user_config_file() -> Path:
    """Return the path of the user's own configuration: `~/.config/awsprov/config.yaml` on Linux."""
    return user_config_path("awsprov") / "config.yaml"
