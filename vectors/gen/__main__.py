"""Generates the vectors, or checks that the files are up to date.

Usage: python vectors/gen [--check]
"""

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import specification
from emit import VectorFile
from jsonschema import Draft202012Validator
from model.keys import SR25519
from referencing import Registry, Resource

import cases

VECTORS = Path(__file__).resolve().parent.parent
SPECS = VECTORS.parent / "specs"


def files() -> Iterator[VectorFile]:
    """The files of all modules below `cases` that have a function `files`."""
    for found in pkgutil.walk_packages(cases.__path__, "cases."):
        module = importlib.import_module(found.name)
        if hasattr(module, "files"):
            yield from module.files()


def validators() -> dict[str, Draft202012Validator]:
    """The validator of each kind."""
    schemas = {path: json.loads(path.read_text()) for path in (VECTORS / "schema").glob("*.json")}
    registry = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()
    )
    found = {}
    for path, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        found[path.name.removesuffix(".schema.json")] = Draft202012Validator(schema, registry=registry)
    del found["common"]
    return found


def faults(files: list[VectorFile]) -> Iterator[str]:
    """The errors in single files and those between files."""
    by_kind = validators()
    for file in files:
        if file.kind not in by_kind:
            yield f"{file.path}: there is no schema for the kind {file.kind}"
            continue
        for error in by_kind[file.kind].iter_errors(json.loads(file.text())):
            yield f"{file.path}: {error.json_path}: {error.message[:200]}"
        names = [case["name"] for case in file.cases]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"{file.path}: two cases are called {name!r}"
    for kind in sorted(by_kind.keys() - {file.kind for file in files}):
        yield f"schema/{kind}.schema.json: no file is of this kind"
    paths = [file.path for file in files]
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        yield f"{path}: two files have this path"
    stated = specification.rules(SPECS)
    carried = set[str]().union(*(file.carried_rules() for file in files))
    for rule in sorted(stated.keys() - carried):
        yield f"specs/{stated[rule]}.md: no vector carries {rule}"
    for file in files:
        for rule in sorted(file.carried_rules() - stated.keys()):
            yield f"{file.path}: no page states {rule}"


def outputs(files: list[VectorFile]) -> dict[Path, str]:
    contents = {VECTORS / f"{file.path}.json": file.text() for file in files}
    return contents | {Path(__file__).parent / "sr25519-signatures.json": SR25519.text()}


def existing() -> Iterator[Path]:
    for folder in ("conformance", "encoding"):
        yield from (VECTORS / folder).rglob("*.json")


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    made = list(files())
    problems = list(faults(made))
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        return 1

    contents = outputs(made)
    stale = [path for path in existing() if path not in contents]
    changed = [path for path, text in contents.items() if not path.exists() or path.read_text() != text]
    for path in sorted(stale + changed):
        print(f"{'gone' if path in stale else 'changed'}: {path.relative_to(VECTORS.parent)}")
    count = sum(len(file.cases) for file in made)
    print(f"{len(made)} files, {count} cases, {len(changed) + len(stale)} of the files differ")
    if arguments == ["--check"]:
        return 1 if stale or changed else 0
    for path in stale:
        path.unlink()
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
