"""What differs by person, not by project: the profile and the region of who runs awsprov, in a file of their own."""

from awsprov.config.yaml_document import Problem, read
from awsprov.paths import user_config_file

KEYS = ("profile", "region")


def personal() -> dict[str, str]:
    """What the file says, to lie under the project's config.yaml; nothing when there is none.

    Raises:
        UsageError: something else than these keys, or no text, is in it.
    """
    path = user_config_file()
    if not path.is_file():
        return {}
    document = read(path)
    values = document.value or {}
    if not isinstance(values, dict):
        raise document.error([Problem(None, f"holds {' and '.join(KEYS)}")])
    wrong = [
        Problem(document.place((key,), of_key=True), f"`{key}` is nothing personal; known here: {', '.join(KEYS)}")
        for key in values
        if key not in KEYS
    ]
    wrong += [Problem(document.place((key,)), f"`{key}` must be text") for key in KEYS if not _fits(values.get(key))]
    if wrong:
        raise document.error(wrong)
    return dict(values)


def _fits(value: object) -> bool:
    return value is None or isinstance(value, str)
