#!/usr/bin/env python3
"""Checks that the sources include only what src/layers.txt allows: check_layers.py SOURCE_ROOT.

Refused: an include of a module that is not listed, a module listed before what it uses (so the graph has no cycles), a
folder of src/ that is not listed or listed without being there, a module without its face (`api` has the public header), a quoted include without a folder, the internal header of
another module, a file name that does not begin with its module, two files of one name, and a .c file that src/meson.build
does not name.
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_layers(path, mistakes):
    """Module -> modules it may include, in the order of the file."""
    layers = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        module, _, allowed = line.partition(":")
        allowed = allowed.split()
        for name in allowed:
            if name not in layers:
                mistakes.append(f"{path}:{number}: {module} uses {name}, which must stand above it")
        if module in layers:
            mistakes.append(f"{path}:{number}: {module} stands twice")
        layers[module] = set(allowed)
    return layers


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".c", ".h"))


def check_include(module, allowed, modules, where, bracket, target):
    """The mistake of one #include line, or None."""
    if target == "colossus/colossus.h":
        return None
    folder, _, name = target.rpartition("/")
    if bracket == "<":
        return f'{where}: <{target}> belongs to the module {folder}: use "{target}"' if folder in modules else None
    if module.startswith("apps/"):
        return f'{where}: an application includes <colossus/colossus.h> and its own headers, not "{target}"' if folder else None
    if not folder:
        return f'{where}: "{target}": name the folder too, "{module}/{target}"'
    if folder == module:
        return None
    if folder not in allowed:
        return f"{where}: {module} may not include {target} (src/layers.txt)"
    if name.endswith("_internal.h"):
        return f"{where}: {target} is internal to {folder}"
    return None


def check_files(folder, module, allowed, modules, mistakes):
    for path in sources(folder):
        if not module.startswith("apps/") and not re.match(re.escape(module) + r"(_[a-z0-9_]+)?\.[ch]$", path.name):
            mistakes.append(f"{path}: the name must begin with {module}_")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            mistake = match and check_include(module, allowed, modules, f"{path}:{number}", *match.groups())
            if mistake:
                mistakes.append(mistake)


def check_names(root, mistakes):
    """File names are unique in the repository, so that a name leads to a file."""
    seen = {}
    for folder in ("src", "apps", "include", "tests", "bench"):
        for path in sources(root / folder):
            if path.name in seen:
                mistakes.append(f"{path}: has the name of {seen[path.name]}")
            seen[path.name] = path


def check_build(root, modules, mistakes):
    for build, folders in (("src/meson.build", [f"src/{m}" for m in modules if "/" not in m]), ("apps/cli/meson.build", ["apps/cli"])):
        path = root / build
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for folder in folders:
            for source in sources(root / folder):
                name = source.relative_to(path.parent).as_posix()
                if source.suffix == ".c" and f"'{name}'" not in text:
                    mistakes.append(f"{source}: not built, {build} does not name it")


def main():
    root = pathlib.Path(sys.argv[1])
    mistakes = []
    layers = read_layers(root / "src" / "layers.txt", mistakes)
    modules = set(layers)
    found = {path.name for path in (root / "src").iterdir() if path.is_dir() and sources(path)}
    found |= {f"apps/{path.name}" for path in (root / "apps").iterdir() if path.is_dir() and sources(path)}
    for module in sorted(found - modules):
        mistakes.append(f"{module}: not in src/layers.txt")
    for module, allowed in layers.items():
        folder = root / module if "/" in module else root / "src" / module
        if module not in found:
            mistakes.append(f"src/layers.txt: there is no module {module}")
        elif "/" not in module and module != "api" and not any(folder.glob(f"{module}*.h")):
            mistakes.append(f"{folder}: has no face {module}.h")
        check_files(folder, module, allowed, modules, mistakes)
    check_names(root, mistakes)
    check_build(root, modules, mistakes)
    for mistake in mistakes:
        print(mistake)
    sys.exit(1 if mistakes else 0)


if __name__ == "__main__":
    main()
