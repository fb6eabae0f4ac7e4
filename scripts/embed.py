#!/usr/bin/env python3
"""Writes the catalogue, the scenarios and the cases of validation/ as C text: embed.py SOURCE_ROOT OUTPUT.

The output defines what src/catalog/catalog.h and catalog_internal.h declare: clx_builtin_files (path, data, size; sorted by
path) and clx_builtin_aliases (kind, alias, entry name), so that opening the catalogue parses nothing. Files are looked for
at every build, and the output is written only when it changes.
"""

import pathlib
import re
import sys

ALIASES = re.compile(r"^aliases\s*:\s*(.*?)\s*$")
ITEM = re.compile(r"""\s*(?:"((?:[^"\\]|\\["\\])*)"|'((?:[^']|'')*)'|([^\s"'\[\]{},#&!|>%@`][^"'\[\]{},#]*?))\s*(?:,|$)""")


def aliases_of(path, text):
    """The aliases of one entry; they must stand on one line, `aliases: [a, "b *"]`."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = ALIASES.match(line)
        if not match:
            continue
        value = re.sub(r"\s#[^\"']*$", "", match.group(1)).strip()
        if not (value.startswith("[") and value.endswith("]")):
            sys.exit(f'{path}:{number}: aliases must stand on one line, such as: aliases: [h100, "H100 *"]')
        rest = value[1:-1].strip()
        while rest:
            item = ITEM.match(rest)
            if not item:
                sys.exit(f"{path}:{number}: cannot read the alias at: {rest}")
            double, single, plain = item.groups()
            if double is not None:
                found.append(re.sub(r"\\(.)", r"\1", double))
            elif single is not None:
                found.append(single.replace("''", "'"))
            else:
                found.append(plain)
            rest = rest[item.end():]
    return found


def c_text(data):
    """Bytes as C string literals, one per line of the text."""
    lines = []
    for line in data.split(b"\n"):
        out = []
        for byte in line:
            char = chr(byte)
            if char in '"\\':
                out.append("\\" + char)
            elif char == "?":
                out.append("\\?")
            elif 32 <= byte < 127:
                out.append(char)
            else:
                out.append(f"\\{byte:03o}")
        lines.append("".join(out))
    last = lines.pop()
    literals = [f'"{line}\\n"' for line in lines]
    if last or not literals:
        literals.append(f'"{last}"')
    return "\n    ".join(literals)


def collect(root):
    """(path in the library, file) of everything to embed, sorted."""
    files = {}
    catalogue = root / "catalogue"
    for path in catalogue.rglob("*.yaml"):
        files[path.relative_to(catalogue).as_posix()] = path
    for path in (root / "scenarios").glob("*.yaml"):
        files["scenarios/" + path.name] = path
    for path in (root / "validation").glob("*/*.yaml"):
        files[path.relative_to(root).as_posix()] = path
    return sorted(files.items())


def generate(root):
    rows, aliases = [], []
    for name, path in collect(root):
        data = path.read_bytes()
        rows.append(f'  {{"{name}",\n    {c_text(data)}, {len(data)}}},\n')
        parts = name.split("/")
        if len(parts) == 2 and parts[0] not in ("scenarios", "validation"):
            entry = parts[1][: -len(".yaml")]
            for alias in aliases_of(path, data.decode("utf-8")):
                aliases.append((parts[0], alias, entry))
    aliases.sort()
    alias_rows = [
        f"  {{{c_text(kind.encode())}, {c_text(alias.encode())}, {c_text(entry.encode())}}},\n" for kind, alias, entry in aliases
    ]
    # A row of NULLs at each end keeps the arrays legal C when there is nothing to embed.
    return (
        "// Written by scripts/embed.py from catalogue/, scenarios/ and validation/. Do not edit.\n"
        '#include "catalog/catalog.h"\n#include "catalog/catalog_internal.h"\n\n'
        f"const clx_builtin_file clx_builtin_files[] = {{\n{''.join(rows)}  {{NULL, NULL, 0}},\n}};\n"
        f"const int32_t clx_builtin_file_count = {len(rows)};\n\n"
        f"const clx_builtin_alias clx_builtin_aliases[] = {{\n{''.join(alias_rows)}  {{NULL, NULL, NULL}},\n}};\n"
        f"const int32_t clx_builtin_alias_count = {len(aliases)};\n"
    )


def main():
    root, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    text = generate(root)
    if not output.exists() or output.read_text(encoding="utf-8") != text:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
