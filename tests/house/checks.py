"""The rules of the house as functions over source text: what style and design demand of every module.

Each check takes modules and returns findings, one line each, naming the place; no finding means that the rule holds.
The tables are the rules: to allow something, change the table where everybody sees it. Reads no file but by `modules`.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

FILE_LINES_MAX: Final = 500
FUNCTION_LINES_MAX: Final = 70
MEDIAN_FILE_LINES_MAX: Final = 190

# A root may import those before it, and so may a layer of `ledger`.
ROOTS: Final = ("ledger", "projections", "api")
LAYERS: Final = (
    *("events", "rules", "signing", "log", "store", "intake"),
    *("audit", "fsck", "witness", "gathering", "client", "cli"),
)

# Who may know of an engine.
ENGINES: Final = MappingProxyType(
    {
        "eventsourcing": ("ledger.store",),
        "psycopg": ("ledger.store", "projections"),
        "psycopg_pool": ("ledger.store", "projections"),
        "fastapi": ("api",),
        "starlette": ("api",),
        "sqlite3": ("ledger.witness.store", "ledger.fsck.scratch"),
        "typer": ("ledger.cli", "projections.commands", "api.commands"),
    }
)

# Who may construct the type of a stage: parsed, proved, decided.
STAGES: Final = MappingProxyType(
    {"Envelope": ("ledger.signing.dsse",), "Verified": ("ledger.signing.verify",), "Admitted": ("ledger.rules",)}
)

# Formats and rules are given the time, chance and the world; they do not fetch them.
PURE: Final = ("ledger.events", "ledger.rules")
WORLD: Final = frozenset({"os", "random", "secrets", "socket", "subprocess", "time", "uuid"})
CLOCK: Final = frozenset({"now", "utcnow", "today"})

VAGUE_NAMES: Final = re.compile(r"(?i:_*(utils?|common|helpers?|misc))|.*(Manager|Helper).*|_?Base[A-Z].*")
UNSEEN_FOLDERS: Final = frozenset({"build", "data", "dist", "node_modules", "__pycache__"})


@dataclass(frozen=True)
class Module:
    """A module by its dotted name (`ledger.rules.parties`, a package by its own name) and its source."""

    name: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, self.name)

    @property
    def root(self) -> str:
        return self.name.partition(".")[0]

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @property
    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and dotted name of every import, wherever it stands; `from a import b` gives `a.b`."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                source = "." * node.level + (node.module or "")
                yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def modules(folder: Path) -> list[Module]:
    """Return every module under `folder`, tracked or not, by name; folders with a dot or of made things left out."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        if any(part.startswith(".") or part in UNSEEN_FOLDERS for part in parts):
            continue
        named = parts[:-1] if parts[-1] == "__init__" else parts
        found.append(Module(".".join(named), path.read_text(encoding="utf-8")))
    return found


def product(every: Iterable[Module]) -> list[Module]:
    """Return the modules that are shipped."""
    return [module for module in every if module.root in ROOTS]


def is_within(name: str, packages: Iterable[str]) -> bool:
    """Return whether `name` is one of `packages` or inside one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def imports_against_the_order(every: Iterable[Module]) -> list[str]:
    """Report imports of a later root or layer, relative imports, and packages of `ledger` that are not in LAYERS."""
    findings = []
    for module in product(every):
        layer = _layer(module.name)
        if layer is not None and layer not in LAYERS:
            findings.append(f"{module.name}: '{layer}' is not in the table of layers")
            continue
        for line, target in module.imports:
            if target.startswith("."):
                findings.append(f"{module.name}:{line}: relative import")
            elif target.partition(".")[0] in ROOTS and _rank(target) > _rank(module.name):
                findings.append(f"{module.name}:{line}: imports {target}, which is later in the order")
    return findings


def _layer(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "ledger" and len(parts) > 1 else None


def _rank(name: str) -> tuple[int, int]:
    layer = _layer(name)
    return ROOTS.index(name.partition(".")[0]), LAYERS.index(layer) if layer in LAYERS else -1


def import_cycles(every: Iterable[Module]) -> list[str]:
    """Report each module that imports itself by way of others, with the way."""
    named = {module.name: module for module in product(every)}
    graph = {name: _known(module, named) for name, module in named.items()}
    findings = []
    for start in graph:
        ways: list[tuple[str, ...]] = [(start, target) for target in sorted(graph[start])]
        seen: set[str] = set()
        while ways:
            way = ways.pop(0)
            if way[-1] == start:
                findings.append(" imports ".join(way))
                break
            if way[-1] not in seen:
                seen.add(way[-1])
                ways.extend((*way, target) for target in sorted(graph[way[-1]]))
    return findings


def _known(module: Module, named: Iterable[str]) -> set[str]:
    """Return which of `named` the module imports; `from a.b import c` is `a.b.c` if that is a module, else `a.b`."""
    known = set(named)
    targets = (target if target in known else target.rpartition(".")[0] for _, target in module.imports)
    return {target for target in targets if target in known}


def engines_out_of_place(every: Iterable[Module]) -> list[str]:
    """Report imports of an engine outside the packages that may know of it."""
    return [
        f"{module.name}:{line}: imports {target}, known only to {', '.join(ENGINES[target.partition('.')[0]])}"
        for module in product(every)
        for line, target in module.imports
        if (engine := target.partition(".")[0]) in ENGINES and not is_within(module.name, ENGINES[engine])
    ]


def stages_skipped(every: Iterable[Module]) -> list[str]:
    """Report constructions of a stage's type outside the module that proves it."""
    return [
        f"{module.name}:{line}: constructs {called}, as only {', '.join(STAGES[called])} may"
        for module in product(every)
        for line, called in calls(module)
        if called in STAGES and not is_within(module.name, STAGES[called])
    ]


def calls(module: Module) -> Iterator[tuple[int, str]]:
    """Line and last name of everything called: `Verified(…)` and `stages.Verified(…)` both give `Verified`."""
    for node in module.nodes:
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.lineno, node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.lineno, node.func.attr


def impurities(every: Iterable[Module]) -> list[str]:
    """Report formats and rules that reach for the clock, chance, the environment, a process or the network."""
    findings = []
    for module in every:
        if is_within(module.name, PURE):
            reached = [(line, target) for line, target in module.imports if target.partition(".")[0] in WORLD]
            asked = [(line, f"{called}()") for line, called in calls(module) if called in CLOCK]
            findings += [f"{module.name}:{line}: {what} in a pure module" for line, what in reached + asked]
    return findings


def prints(every: Iterable[Module]) -> list[str]:
    """Report print outside the command line."""
    return [
        f"{module.name}:{line}: print outside ledger.cli"
        for module in product(every)
        for line, called in calls(module)
        if called == "print" and not is_within(module.name, ["ledger.cli"])
    ]


def overlong(every: Iterable[Module]) -> list[str]:
    """Report files and functions beyond the bounds, in lines, comments and docstrings included."""
    findings = []
    for module in every:
        lines = len(module.source.splitlines())
        if lines > FILE_LINES_MAX:
            findings.append(f"{module.name}: {lines} lines, at most {FILE_LINES_MAX}")
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    findings.append(f"{module.name}.{node.name}: {length} lines, at most {FUNCTION_LINES_MAX}")
    return findings


def undocumented(every: Iterable[Module]) -> list[str]:
    """Report modules without a docstring."""
    return [f"{module.name}: no docstring" for module in every if not ast.get_docstring(module.tree)]


def vague_names(every: Iterable[Module]) -> list[str]:
    """Report modules, classes and functions whose name says nothing about their job."""
    findings = []
    for module in every:
        defined = [
            node.name
            for node in module.nodes
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        names = module.name.split(".") + defined
        findings += [f"{module.name}: the name {name}" for name in names if VAGUE_NAMES.fullmatch(name)]
    return findings
