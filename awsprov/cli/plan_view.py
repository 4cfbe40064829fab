"""A plan as text and as a JSON document: infrastructure by area, then permissions, then code and libraries."""

from collections import Counter
from collections.abc import Iterator

from awsprov.cli import package_diff, permission_diff
from awsprov.cli.plan_differences import COLOURS, difference_lines, properties, retagged_alike
from awsprov.cli.plan_summary import summary_lines
from awsprov.cli.terminal import style
from awsprov.config.contradictions import uncertain_values, unreachable_secrets
from awsprov.config.models import DEFAULT_API_STAGE, Config
from awsprov.config.outside import paths_outside
from awsprov.engine.discovery import TAGS
from awsprov.engine.estimate import expected_seconds, format_duration
from awsprov.engine.plan import Action, Change, Plan
from awsprov.engine.resource import AREAS, Resource, distinct_notes
from awsprov.operations.proof_record import load, record_path, unused_permissions
from awsprov.pricing.estimate import cost_summary
from awsprov.project.project import Project
from awsprov.project.recorded_stages import other_stages, stages_note
from awsprov.project.uploads import left_out
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.function.alias import Alias
from awsprov.ui.layout import TableRow, table

SYMBOLS = {"create": ("+", "green"), "change": ("~", "yellow"), "replace": ("-/+", "magenta"), "delete": ("-", "red")}
_PERMISSIONS, _CONTENTS = "permissions", "code and libraries"
_SECTIONS = (*AREAS, _PERMISSIONS, _CONTENTS)
_INDENT = " " * 8


def document(found: Plan, project: Project) -> dict[str, object]:
    """Return the plan for `--json`, without the resources that stay as they are."""
    changes = [
        {
            "action": change.action,
            "type": change.resource.type,
            "name": change.resource.name,
            "id": change.resource.id,
            "section": _section(change),
            "because": change.because,
            "differences": {name: {"has": has, "wants": wants} for name, (has, wants) in change.differences.items()},
            "details": _details(change, project),
        }
        for change in found.changes
        if change.action != "keep"
    ]
    remarks = [*_remarks(found, project), *project.code_warnings, *_unused_permissions(project)]
    figures = {
        "summary": counts(found),
        "expected_seconds": round(expected_seconds(found, project.stack, project.is_local)),
    }
    return {"changes": changes, "remarks": remarks, **figures}


def _remarks(found: Plan, project: Project) -> list[str]:
    """Return the notes of resources, and what is left out of the uploads."""
    of_resources = distinct_notes(change.resource for change in found.changes)
    return [*_outside(project), *_later(project.config), *of_resources, *left_out(project.config)]


def _later(config: Config) -> list[str]:
    """Return a note if the libraries are not known yet."""
    why = config.libraries_unknown
    return [f"The libraries are known after `up`, which asks before it builds. {why}"] if why else []


def counts(found: Plan) -> dict[str, int]:
    """Return the number of resources by what happens to them, as `up` and `status` count them: those that AWS has."""
    actions: tuple[Action, ...] = ("create", "change", "replace", "delete", "keep")
    return {action: sum(not change.resource.virtual for change in found.of(action)) for action in actions}


def text(found: Plan, project: Project, columns: int | None, *, every: bool = False) -> str:
    """Return the changes by section, with a summary line at the end.

    Arguments:
        found: the plan.
        project: its project.
        columns: the width of the terminal; None for no limit.
        every: list every resource of a first plan, too, and every one of which only tags change; otherwise both are
            summarized.
    """
    retagged = {} if every else retagged_alike(found)
    summarized = [change for changes in retagged.values() for change in changes]
    listed = [change for change in found.changes if change.action != "keep" and change not in summarized]
    sections = {section: inside for section in _SECTIONS if (inside := [c for c in listed if _section(c) == section])}
    if found.first and not every:
        numbers = Counter(
            {name: sum(not each.resource.virtual for each in inside) for name, inside in sections.items()}
        )
        lines = summary_lines(numbers, project.config, columns)
    else:
        lines = [line for name, inside in sections.items() for line in _listed(name, inside, project, columns)]
        lines += [*_retagged_lines(retagged), *_not_counted(listed)]
    remarks = _remarks(found, project)
    alerts = (
        *warnings(project.config),
        *_lost(found),
        *_new_url(found, project),
        *_forgotten_stage(found, project),
        *(f"Warning: {each}" for each in (*project.code_warnings, *_unused_permissions(project))),
    )
    notes = [style(note, fg="yellow") for note in (*alerts, *_notes(remarks))]
    return "\n".join([*lines, "", *notes, summary(found, project)]).lstrip("\n")


def _retagged_lines(retagged: dict[tuple[str, ...], list[Change]]) -> Iterator[str]:
    """Yield the lines of resources of which only tags change: their number, and the tags."""
    if retagged:
        yield style("tags", bold=True)
    for differing, changes in retagged.items():
        yield f"  {_symbol('change')} {len(changes)} resources; `awsprov plan -v` lists them"
        yield from (f"{_INDENT}{line}" for line in differing)


def _not_counted(listed: list[Change]) -> list[str]:
    """Return a line about what is listed, but not counted."""
    kinds = dict.fromkeys(change.resource.type for change in listed if change.resource.virtual)
    return ["", f"Not counted, as they are no resources of their own: {', '.join(kinds)}."] if kinds else []


def _listed(section: str, changes: list[Change], project: Project, columns: int | None) -> list[str]:
    rows = [row for change in changes for row in _change(change, project)]
    return table([style(section, bold=True), *rows], columns, indent="  ")


def summary(found: Plan, project: Project) -> str:
    """Return one line: the number of changes, the cost, and the expected time."""
    if found.empty:
        held_back = any(isinstance(each.resource, Alias) and each.resource.note for each in found.changes)
        file = project.location.config.name
        state = "Another version than {} describes is live; see above" if held_back else "The stack matches {}"
        return f"No changes. {state.format(file)}."
    count = counts(found)
    words = {"create": "create", "change": "update", "replace": "replace", "delete": "delete"}
    listed = ", ".join(f"{count[action]} to {word}" for action, word in words.items())
    line = f"Plan: {listed}." if any(count[action] for action in words) else "Plan: no resource is created or deleted."
    remaining = [change.resource for change in found.changes if change.action != "delete"]
    cost = cost_summary(remaining, project.config.region, project.config.state_dir)
    return f"{line} {cost} Expected time: {format_duration(expected_seconds(found, project.stack, project.is_local))}."


def _section(change: Change) -> str:
    if permission_diff.concerns(change):
        return _PERMISSIONS
    return _CONTENTS if change.resource.deployed else change.resource.area


def _symbol(action: Action) -> str:
    symbol, colour = SYMBOLS[action]
    return style(f"{symbol:>3}", fg=colour)


def _change(change: Change, project: Project) -> Iterator[TableRow]:
    """Yield the rows of a change: the resource, the reason, and what differs."""
    yield f"{_symbol(change.action)} {change.resource.name}", f"{_kind(change.resource)}{_properties(change)}"
    if change.because:
        yield f"{_INDENT}because {change.because} is replaced"
    elif change.action == "replace" and not change.resource.immutable & set(change.differences):
        yield f"{_INDENT}because of --replace"
    details = _details(change, project)
    yield from (_INDENT + style(line, fg=COLOURS.get(line[0])) for line in details)
    if forced := sorted(change.resource.immutable & set(change.differences)):
        yield f"{_INDENT}because AWS cannot change its {' and '.join(forced)} in place"
    for name, values in change.differences.items():
        if name == TAGS or not (details and (permission_diff.concerns(change) or name == "code")):
            yield from (f"{_INDENT}{line}" for line in difference_lines(name, values))


def _details(change: Change, project: Project) -> list[str]:
    """Return the statements of a permission, or the files or packages that change."""
    if permission_diff.concerns(change):
        return permission_diff.lines(change, project.aws)
    return package_diff.lines(change, project.state)


def _kind(resource: Resource) -> str:
    """Return the type of a resource, and its id if it has one."""
    id_ = resource.id.rpartition(":")[2] if resource.id.startswith("arn:") else resource.id
    return " ".join(style(word, dim=True) for word in (resource.type, id_) if word)


def _properties(change: Change) -> str:
    """Return the simple arguments of a resource that will be created."""
    if change.action != "create":
        return ""
    given = {name: getattr(change.resource, name, value) for name, value in change.resource.inputs.items()}
    plain = properties(given)
    return "  " + style(", ".join(plain), dim=True) if plain else ""


def warnings(config: Config) -> list[str]:
    """Return warnings about what is open to the internet, and what AWS may refuse."""
    api = config.api
    open_to = {"none": "anyone", "api_key": "anyone with the API key, which does not identify the caller"}.get(api.auth)
    routed = any(function.routes for function in config.functions.values())
    open_api = [f"Warning: the API answers {open_to} (api.auth: {api.auth})."] if open_to and routed else []
    others = (*uncertain_values(config), *unreachable_secrets(config))
    return [*open_api, *(f"Warning: {each}" for each in others)]


def _lost(found: Plan) -> list[str]:
    lost = [change.resource.name for change in found.of("replace", "delete") if change.resource.stateful]
    refused = "`up` refuses that without --allow-data-loss"
    return [f"Warning: {', '.join(lost)} would be deleted with all data on it; {refused}."] if lost else []


def _new_url(found: Plan, project: Project) -> list[str]:
    """Return a warning when the API is replaced by another one, which has another URL."""
    removed = [r for change in found.of("delete", "replace") if isinstance(r := change.resource, RestApi | HttpApi)]
    created = [r for change in found.of("create", "replace") if isinstance(r := change.resource, RestApi | HttpApi)]
    if not (removed and created):
        return []
    url = removed[0].invoke_url(project.aws, project.config.stage or DEFAULT_API_STAGE)
    return [f"Warning: the API gets a new URL, which all callers need; {url} is removed."]


def _forgotten_stage(found: Plan, project: Project) -> list[str]:
    """Return a warning when a new stack would be created beside those of stages."""
    others = other_stages(project.config, project.location) if found.first else []
    what = f"Warning: stack {project.config.stack} would be created beside others."
    return [f"{what} {stages_note(others)}"] if others and not project.config.stage else []


def _outside(project: Project) -> list[str]:
    """Return a remark about paths of config.yaml that lead out of its directory."""
    config = project.location.config
    found = paths_outside(project.config, config.absolute().parent)
    return [f"{config.name} uses files outside of its directory: {', '.join(found)}."] if found else []


def _unused_permissions(project: Project) -> Iterator[str]:
    """Yield a warning about permissions of functions that the last proof did not need."""
    proofs = load(record_path(project.state_path, project.config.stack))
    for name, function in project.config.functions.items():
        for line in unused_permissions(function, proofs[name]) if name in proofs else ():
            yield (
                f"functions.{name}.permissions allows {line}, which no request of its last proof "
                f"({proofs[name].requests}) needed. Remove it, or prove it with other requests: "
                f"`awsprov policy --prove --function {name} --local --requests FILE`."
            )


def _notes(remarks: list[str]) -> list[str]:
    return [f"Note: {remark}" for remark in remarks]
