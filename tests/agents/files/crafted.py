"""Files that say something else than was saved, for tests."""

from __future__ import annotations

import json
import zipfile

from rlhf_agents.files.model_file import MANIFEST


def with_manifest(path, manifest):
    """Replace the manifest of a model file."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
