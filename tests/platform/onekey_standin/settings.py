"""Behaviour that can be chosen at start (`--set`) and changed while running (/_control/settings).

Each field below stands for something that no public source tells: the stand-in can show every
plausible variant, and an agent has to cope with all of them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Mapping, Tuple

from onekey_standin import schema


class SettingError(ValueError):
    """An unknown setting, or a value that it cannot take."""


@dataclass
class Settings:
    """The current choice for everything that is not documented."""

    #: Body of a 401: the JSON errors of ONEKEY's login mocks, a proxy's HTML page, or nothing.
    unauthorized_body: str = "json"
    #: How a missing right shows: HTTP 403, an entry in the GraphQL errors, or a null object.
    denied_style: str = "403"
    #: Form of `uploadUrl`: "/upload-firmware/<id>", the same with origin and base path, or foreign.
    upload_url: str = "relative"
    #: Origin used by `upload_url = foreign`.
    foreign_origin: str = "http://foreign.invalid"
    #: Is the firmware's ID a new one or the one of the upload's metadata?
    firmware_id: str = "new"
    #: HTTP status of a GraphQL document that does not validate.
    graphql_error_status: int = 200
    #: Seconds from the end of an upload to state DONE.
    analysis_seconds: float = 2.0
    #: Components of a firmware's SBOM.
    sbom_components: int = 40
    #: SBOM of a firmware whose last good analysis was not its last: refused, or that one's.
    sbom_while_analysing: str = "404"
    #: Fields ("Type.field") that the GraphQL schema has not, since names are guesses or change.
    schema_lacks: Tuple[str, ...] = ()

    _CHOICES = {
        "unauthorized_body": ("json", "html", "empty"),
        "denied_style": ("403", "errors", "null"),
        "upload_url": ("relative", "absolute", "foreign"),
        "firmware_id": ("new", "same"),
        "graphql_error_status": (200, 400),
        "sbom_while_analysing": ("404", "last"),
    }

    def update(self, values: Mapping[str, Any]) -> None:
        """Take over `values`, wholly or not at all; strings are converted as needed."""
        checked = {name: self._checked(name, value) for name, value in values.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def _checked(self, name: str, value: Any) -> Any:
        if name not in _names():
            raise SettingError(f"unknown setting {name!r} (known: {', '.join(_names())})")
        if name == "schema_lacks":
            return _lacking(value)
        kind = type(getattr(self, name))
        try:
            converted = kind(value)
        except (TypeError, ValueError):
            raise SettingError(f"{name}: {value!r} is not a {kind.__name__}") from None
        choices = self._CHOICES.get(name)
        if choices and converted not in choices:
            raise SettingError(f"{name}: {value!r} is none of {choices}")
        if kind in (int, float) and converted < 0:
            raise SettingError(f"{name}: {value!r} is negative")
        return converted


def _lacking(value: Any) -> Tuple[str, ...]:
    """From a list, or from "Type.field,Type.field" on the command line."""
    names = value.split(",") if isinstance(value, str) else value
    try:
        return schema.lacking(str(name).strip() for name in names)
    except (TypeError, ValueError) as error:
        raise SettingError(f"schema_lacks: {error}") from None


def _names() -> Tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(Settings))
