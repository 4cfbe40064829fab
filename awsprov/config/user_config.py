"""The user's own defaults: profile and region, in a file outside of the project."""

from awsprov.config.yaml_document import Problem, read
from awsprov.paths import user_config_file

KEYS = ("profile", "region")  # that the file may have


def user_defaults() -> dict[str, str]:
    """Return the values of the user's file, which a project's config.yaml overrides; empty if there is no file.

    Raises:
        UsageError: the file has another key, or a value that is not text.
    """
    path = user_config_file()
    if not path.is_file():
        return {}
    document = read(path)
    values = document.value or {}
    if not isinstance(values, dict):
        raise document.error([Problem(None, f"should be a mapping with {' and '.join(KEYS)}")])
    problems = [
        Problem(document.position((key,), of_key=True), f"unknown key `{key}`; allowed here: {', '.join(KEYS)}")
        for key in values
        if key not in KEYS
    ]
    problems += [
        Problem(document.position((key,)), f"`{key}` should be text")
        for key in KEYS
        if not isinstance(values.get(key), str | None)
    ]
    if problems:
        raise document.error(problems)
    return dict(values)
