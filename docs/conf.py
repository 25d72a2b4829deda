"""Settings of the site: `make docs` builds it into build/docs/html.

Everything that the site needs is made here or lies beside this file, so that it builds without a
network. A warning is an error.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MADE = HERE / "made"
"""Output of `_site/`, ignored by git."""

# The site shows this tree, whatever is installed; so do the kernels of its notebooks.
TREES = [str(ROOT / folder) for folder in (".", "adapters", "games")]
sys.path[:0] = [str(HERE), *TREES]
os.environ["PYTHONPATH"] = os.pathsep.join(TREES)
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NOTEBOOK_STEPS", "60000")  # a minute of the three of train_connect_four

from _site import docstrings, equations, inventories, made_pages  # noqa: E402 - found by the lines above

import rlhf_agents  # noqa: E402 - found by the lines above

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "rlhf_agents"
author = "rlhf_agents contributors"
project_copyright = "rlhf_agents contributors"
release = version = rlhf_agents.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "myst_nb",
    "sphinx_copybutton",
]
exclude_patterns = ["_site", "_templates", "conf.py", "inventories", "made/*.md"]
templates_path = ["_templates"]
nitpicky = False

# ---- pages and notebooks -------------------------------------------------------------------------

myst_enable_extensions = ["attrs_block", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "build" / "docs" / "notebooks")
nb_execution_timeout = 900
nb_execution_raise_on_error = True
nb_merge_streams = True
copybutton_exclude = ".linenos, .gp, .go"

# ---- the reference -------------------------------------------------------------------------------

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "both"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
default_role = "code"
intersphinx_mapping = inventories.mapping(HERE / "inventories", ROOT / "build" / "docs")
intersphinx_disabled_reftypes = ["std:doc"]

# ---- looks ---------------------------------------------------------------------------------------

html_theme = "furo"
html_math_renderer = "mathml"
pygments_dark_style = "github-dark"
html_title = f"rlhf_agents {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = [str(MADE / "extra")]
html_copy_source = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0b62a8",
        "color-brand-content": "#0b62a8",
    },
    "dark_css_variables": {
        "color-brand-primary": "#5cb0ff",
        "color-brand-content": "#5cb0ff",
    },
}

(MADE / "extra").mkdir(parents=True, exist_ok=True)


def setup(app: Sphinx) -> None:
    """Make the pages, pictures and the game of the site before Sphinx looks for them."""
    made_pages.make(MADE)
    equations.register(app)
    app.connect("autodoc-process-docstring", docstrings.mark_code, priority=400)
