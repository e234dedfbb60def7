"""The few calls into graphql-core, for its versions 2.3 (Debian 12) and 3.

What differs between the two is kept in this module: 2.3 takes a schema as syntax tree, calls a
field's function `resolver`, wants object types back from `resolve_type`, logs every error that a
resolver raises, and raises for variables that do not fit instead of returning that error.
"""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass, field
from typing import (Any, Callable, Collection, Dict, FrozenSet, List, Mapping, Optional, Sequence,
                    Tuple)

import graphql as graphql_core

#: Untyped, since each version has names that the other lacks.
graphql: Any = graphql_core

#: Called as (source object, context of the request, **arguments).
Resolver = Callable[..., Any]
#: {"Type": {"field": resolver}}
ResolverMap = Mapping[str, Mapping[str, Resolver]]

_IS_V2 = not hasattr(graphql, "build_schema")
_CACHED_DOCUMENTS = 256


@dataclass
class Result:
    """Outcome of one GraphQL request."""

    #: False when the document could not be parsed, or it or its variables do not fit the schema.
    valid: bool
    data: Optional[Dict[str, Any]] = None
    errors: List[Dict[str, Any]] = field(default_factory=list)
    #: What resolvers raised, in the order of `errors`.
    raised: List[Optional[BaseException]] = field(default_factory=list)


class Schema:
    """An executable schema, made from SDL text and resolvers.

    A field without a resolver reads the key of its name from its source, a mapping; the concrete
    type of an interface or union is the source's key "__typename".
    """

    def __init__(self, sdl: str, resolvers: ResolverMap, lacks: Collection[str] = ()) -> None:
        """`lacks`: fields ("Type.field") to be left out, of those that removable() names."""
        logging.getLogger("graphql").setLevel(logging.CRITICAL)
        self._schema = _build(sdl, lacks)
        _attach(self._schema, {
            kind: {name: function for name, function in own.items()
                   if f"{kind}.{name}" not in lacks}
            for kind, own in resolvers.items()
        })
        self._parsed = functools.lru_cache(_CACHED_DOCUMENTS)(self._parse_and_validate)

    def execute(self, query: str, variables: Optional[Mapping[str, Any]],
                operation: Optional[str], context: Any) -> Result:
        """Parse, validate and run `query`."""
        document, errors = self._parsed(query)
        if errors:
            return _result(False, None, errors)
        try:
            outcome = graphql.execute(
                self._schema, document, context_value=context,
                variable_values=dict(variables or {}), operation_name=operation,
            )
        except graphql.GraphQLError as error:
            return _result(False, None, [error])
        errors = outcome.errors or []
        # Errors of fields say where; one without a place kept the operation from starting.
        started = outcome.data is not None or any(error.path for error in errors)
        return _result(started, outcome.data, errors)

    def describe(self, query: str, wanted: Optional[str]) -> Tuple[Optional[str], List[str]]:
        """Name and top-level fields of the operation that `execute` would run, as far as known."""
        document, _errors = self._parsed(query)
        for definition in document.definitions if document else ():
            name = definition.name.value if definition.name else None
            if hasattr(definition, "operation") and wanted in (None, name):
                selections = definition.selection_set.selections
                return name, [s.name.value for s in selections if getattr(s, "name", None)]
        return None, []

    def _parse_and_validate(self, query: str) -> Tuple[Any, Sequence[Any]]:
        try:
            document = graphql.parse(query)
        except graphql.GraphQLError as error:
            return None, [error]
        return document, graphql.validate(self._schema, document)


def removable(sdl: str) -> FrozenSet[str]:
    """The fields ("Type.field") that a schema can do without; those of interfaces are owed."""
    return frozenset(f"{kind.name.value}.{field.name.value}"
                     for kind in _objects(graphql.parse(sdl)) if not kind.interfaces
                     for field in kind.fields)


def _objects(document: Any) -> List[Any]:
    return [definition for definition in document.definitions
            if type(definition).__name__.startswith("ObjectTypeDefinition")]


def _build(sdl: str, lacks: Collection[str]) -> Any:
    document = graphql.parse(sdl)
    for kind in _objects(document):
        left = [field for field in kind.fields
                if f"{kind.name.value}.{field.name.value}" not in lacks]
        kind.fields = type(kind.fields)(left)
    return graphql.build_ast_schema(document)


def _types(schema: Any) -> Dict[str, Any]:
    types = schema.get_type_map() if _IS_V2 else schema.type_map
    return {name: kind for name, kind in types.items() if not name.startswith("__")}


def _attach(schema: Any, resolvers: ResolverMap) -> None:
    types = _types(schema)
    for name, kind in types.items():
        if isinstance(kind, graphql.GraphQLObjectType):
            own = resolvers.get(name, {})
            unknown = set(own) - set(kind.fields)
            if unknown:
                raise ValueError(f"resolvers for unknown fields of {name}: {sorted(unknown)}")
            for field_name, definition in kind.fields.items():
                function = own.get(field_name, functools.partial(_read_key, field_name))
                setattr(definition, "resolver" if _IS_V2 else "resolve", _adapted(function))
        elif isinstance(kind, (graphql.GraphQLInterfaceType, graphql.GraphQLUnionType)):
            kind.resolve_type = functools.partial(_concrete_type, types)


def _read_key(key: str, source: Mapping[str, Any], _context: Any, **_arguments: Any) -> Any:
    return source[key]


def _adapted(function: Resolver) -> Callable[..., Any]:
    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        return function(source, info.context, **arguments)

    return resolve


def _concrete_type(types: Mapping[str, Any], source: Mapping[str, Any], *_info: Any) -> Any:
    name = source["__typename"]
    return types[name] if _IS_V2 else name


def _result(valid: bool, data: Any, errors: Sequence[Any]) -> Result:
    formatted = [_formatted(error) for error in errors]
    raised = [getattr(error, "original_error", None) for error in errors]
    return Result(valid, data, formatted, raised)


def _formatted(error: Any) -> Dict[str, Any]:
    if _IS_V2:
        return dict(graphql.format_error(error))
    return dict(error.formatted)
