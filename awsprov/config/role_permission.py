"""The lines of `functions.NAME.permissions`: actions on a resource, or a managed policy."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from awsprov.aws import authorization_reference as reference
from awsprov.aws.place import Place
from awsprov.config.fields import Pattern

_LINE = re.compile(r"(?P<service>[A-Za-z0-9-]+):(?P<actions>[A-Za-z0-9*?]+(?:, *[A-Za-z0-9*?]+)*) on (?P<resource>\S+)")
_MANAGED = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?:\d{12}|aws):policy/[!-~]+")
_EXAMPLES = "`s3:GetObject on arn:aws:s3:::models/*` or `dynamodb:GetItem,PutItem on table/scores`"
_MAX_FORMS = 3  # forms of ARNs that an error names


@dataclass(frozen=True)
class RolePermission:
    """What the role of a function may do: actions on a resource, or what a managed policy allows.

    Arguments:
        text: the line in config.yaml.
        service: the service prefix, as `s3`; empty for a managed policy.
        actions: the names of the actions, which may have wildcards.
        resource: the last part of an ARN of the stack's account and region, or a whole ARN, or `*`.
    """

    text: str
    service: str
    actions: tuple[str, ...]
    resource: str

    @classmethod
    def parse(cls, text: Any) -> "RolePermission":
        """Return the permission that a line describes.

        Raises:
            ValueError: it is neither actions on a resource nor the ARN of a managed policy, AWS has no such action, or
                the action is not for such a resource.
        """
        if isinstance(text, str) and _MANAGED.fullmatch(text):
            return cls(text, "", (), text)
        found = _LINE.fullmatch(text) if isinstance(text, str) else None
        if not found:
            raise ValueError(
                f"should be actions and a resource, as in {_EXAMPLES}, or the ARN of a managed policy. The service "
                "prefix is given once"
            )
        service = found["service"].lower()  # IAM ignores the case of actions and their prefix
        actions = [each.strip() for each in found["actions"].split(",")]
        known = tuple(name for action in actions for name in _known(service, action))
        permission = cls(text, service, known, found["resource"])
        permission._check_resource()
        return permission

    def __str__(self) -> str:
        return self.text

    @property
    def is_managed(self) -> bool:
        """Whether it is the ARN of a managed policy."""
        return not self.service

    @property
    def partition(self) -> str:
        """The partition of its ARN; empty if it has none, or a wildcard."""
        found = re.match(r"arn:(aws[a-z-]*):", self.resource)
        return found[1] if found else ""

    @property
    def qualified_actions(self) -> list[str]:
        """The actions with the service prefix."""
        return [f"{self.service}:{action}" for action in self.actions]

    def arn(self, place: Place) -> str:
        """Return the ARN of the resource for a policy."""
        if self.resource == "*" or self.resource.startswith("arn:"):
            return self.resource
        values = {"Partition": place.partition, "Region": place.region, "Account": place.account}
        return reference.filled(self._short_formats()[0], self.resource, values)

    def statement(self, place: Place) -> dict[str, Any]:
        """Return the statement of a policy that allows it there."""
        actions = self.qualified_actions
        return {"Effect": "Allow", "Action": actions, "Resource": self.arn(place)}

    def _check_resource(self) -> None:
        if self.resource == "*":
            return
        is_arn = self.resource.startswith("arn:")
        for action in self.actions:
            formats = list(_formats(self.service, action))
            if not formats:
                raise ValueError(f"{self.service}:{action} has no resources in IAM: it can be allowed `on *` only")
            if not any(_fits(self.resource, each) for each in formats):
                raise ValueError(f"{self.service}:{action} is not for {self.resource}; it is for {_listed(formats)}")
        heads = {reference.filled(each, "", {}) for each in self._short_formats()} if not is_arn else {""}
        if len(heads) > 1:
            raise ValueError(f"{self.resource} may be one of several kinds: write the whole ARN")

    def _short_formats(self) -> list[str]:
        """Return the forms that a resource without the first parts of an ARN fits, for any of the actions."""
        every = [each for action in self.actions for each in _formats(self.service, action)]
        return [each for each in dict.fromkeys(every) if _fits(self.resource, each)]


def _known(service: str, action: str) -> list[str]:
    """Return an action as AWS writes it; one with wildcards unchanged.

    Raises:
        ValueError: there is no such service or action.
    """
    if service not in reference.services():
        suggestion = _suggestion(reference.prefix_of(service)) or _nearest(service, reference.services())
        raise ValueError(f"{service!r} is not a service prefix of IAM{suggestion}")
    names = reference.action_names(service)
    found = [name for name in names if fnmatchcase(name.lower(), action.lower())]
    if not found:
        suggestion = _suggestion(reference.action_of(service, action)) or _nearest(action, names)
        raise ValueError(f"`{service}:{action}` is not an action of AWS{suggestion}")
    return [action] if "*" in action or "?" in action else found


def _nearest(word: str, names: tuple[str, ...]) -> str:
    by_lower = {name.lower(): name for name in names}
    nearest = get_close_matches(word.lower(), by_lower, 1, 0.6)
    return _suggestion(by_lower[nearest[0]]) if nearest else ""


def _suggestion(name: str) -> str:
    return f"; did you mean `{name}`?" if name else ""


def _formats(service: str, action: str) -> Iterator[str]:
    """Yield the forms of the ARNs of an action, or of all that a pattern matches."""
    for name in reference.action_names(service):
        if fnmatchcase(name.lower(), action.lower()):
            yield from reference.arn_formats(service, name)


def _fits(resource: str, arn_format: str) -> bool:
    if resource.startswith("arn:"):
        return reference.matches_format(resource, arn_format)
    return reference.resource_matches(resource, arn_format.split(":", reference.ARN_PARTS - 1)[-1])


def _listed(formats: list[str]) -> str:
    shown = [each.replace("${", "{") for each in dict.fromkeys(formats)]
    more = f" and {len(shown) - _MAX_FORMS} other forms" if len(shown) > _MAX_FORMS else ""
    return ", ".join(shown[:_MAX_FORMS]) + more


PermissionText = Annotated[
    RolePermission,
    BeforeValidator(RolePermission.parse),
    PlainSerializer(str),
    WithJsonSchema({"type": "string"}),
    Pattern("`ACTIONS on RESOURCE`, or the ARN of a managed policy"),
]
