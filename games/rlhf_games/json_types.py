"""The type of JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

JSON = None | bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"]
"""A JSON value. Lists and objects are read-only types, so that `list[int]` is one as well."""
