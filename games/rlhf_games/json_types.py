"""The type of what JSON texts say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

JSON = None | bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"]
"""A value of a JSON text. Lists and objects are read-only by type: then `list[int]` is one, too."""
