"""A new pack, from a template: one real policy or a few, their test cases, and what publishing needs.

The templates are the files below `templates/`, each with a final `.template` so that no tool takes them for
code of this project; `@NAME@` and `@DESCRIPTION@` stand for those of the pack. Files that all packs of a
language share are below `templates/shared/`; a template's own file of the same path replaces them.
"""

from __future__ import annotations

import shutil
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from packreg.errors import UsageError
from packreg.pack.bundle import extract
from packreg.pack.files import File
from packreg.pack.version import pack_name
from packreg.text import nearest

_SUFFIX = ".template"


class PackTemplate(NamedTuple):
    """The language of a template, and what its pack does, in one sentence."""

    language: str
    description: str

    @property
    def runtime(self) -> str:
        """The runtime in its manifest."""
        return "nodejs" if self.language == "typescript" else self.language


#: What `new` writes when only a language is named.
LANGUAGES = ("python", "nodejs", "typescript", "opa")
#: Packs that people start from, by name.
TEMPLATES = {
    **{language: PackTemplate(language, "Keeps storage buckets private.") for language in LANGUAGES},
    "aws-required-tags": PackTemplate("python", "AWS resources have tags for owners and costs."),
    "aws-cost-limits": PackTemplate("typescript", "Limits sizes on AWS, and what is paid by the hour."),
    "azure-allowed-locations": PackTemplate("nodejs", "Azure resources are in allowed locations."),
    "azure-encryption": PackTemplate("typescript", "Data on Azure is encrypted, at rest and in transit."),
    "gcp-public-access": PackTemplate("python", "Nothing on Google Cloud is open to everybody."),
    "gcp-encryption": PackTemplate("nodejs", "Data on Google Cloud is encrypted with keys of your own."),
    "kubernetes-required-labels": PackTemplate(
        "opa", "Kubernetes resources have labels for teams and costs."
    ),
    "kubernetes-public-access": PackTemplate("opa", "Services on Kubernetes are not opened by accident."),
}


def new_pack(template: str, directory: Path, name: str) -> str:
    """Write a new pack called `name` into `directory`, which is empty or does not exist yet.

    Returns the pack's name: an opa pack has the name of its Rego package, in which "-" and "." become "_".

    Raises:
        UsageError: there is no such template, the name is not valid, the directory is not empty, or it cannot
            be written; nothing was left in it.
    """
    found = TEMPLATES.get(template)
    if found is None:
        near = nearest(template, TEMPLATES)
        hint = f"did you mean {near}?" if near else "`packreg new --templates` lists them"
        raise UsageError(f"there is no template for {template!r}", hint=hint)
    name = pack_name(name)
    if found.language == "opa":
        name = name.replace("-", "_").replace(".", "_")
        if name[0].isdigit():
            raise UsageError(f"{name!r} cannot name a Rego package", hint="begin it with a letter")
    place = resources.files("packreg.pack") / "templates"
    words = {"@NAME@": name, "@DESCRIPTION@": found.description}
    files = dict(_rendered(place / "shared" / found.language, "", words))
    files |= dict(_rendered(place / template, "", words))
    try:
        if directory.is_dir() and not directory.is_symlink():
            _fill(directory, files)
        else:
            _make(directory, files)
    except OSError as error:
        raise UsageError(f"the pack cannot be written to {directory}: {error.strerror or error}") from error
    return name


def _make(directory: Path, files: dict[str, File]) -> None:
    """Create a directory with these files, all or nothing."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(mkdtemp(prefix=".packreg-new-", dir=directory.parent))
    try:
        extract(files, staging / "pack")
        (staging / "pack").rename(directory)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _fill(directory: Path, files: dict[str, File]) -> None:
    """Write into an empty directory, which is not replaced, as it may be some process's working directory."""
    if any(directory.iterdir()):
        raise UsageError(f"{directory} is not empty", hint="name a directory that does not exist yet")
    staging = Path(mkdtemp(prefix=".packreg-new-", dir=directory))
    try:
        extract(files, staging / "pack")
        for entry in list((staging / "pack").iterdir()):
            entry.rename(directory / entry.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _rendered(place: Traversable, prefix: str, words: dict[str, str]) -> list[tuple[str, File]]:
    """The files of a template with the words filled in; `gitignore` becomes `.gitignore`."""
    found: list[tuple[str, File]] = []
    for entry in sorted(place.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _rendered(entry, f"{prefix}{entry.name}/", words)
        elif entry.name.endswith(_SUFFIX):
            path = entry.name.removesuffix(_SUFFIX)
            text = entry.read_text("utf-8")
            for word, meant in words.items():
                text = text.replace(word, meant)
            found.append((prefix + (".gitignore" if path == "gitignore" else path), File(text.encode())))
    return found
