"""Reading an HSDS object so that nothing it holds goes unnoticed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.hsds.findings import Findings, Level, Place
from knowledge.hsds.schemas import tables

PlaceOf = Callable[[Mapping[str, Any], str, str], Place]


@dataclass(slots=True)
class Reading:
    """What is noted while one service is read: which values were taken, and messages."""

    findings: Findings
    place_of: PlaceOf
    # By the object's id: a document repeats an object wherever it belongs.
    taken: set[tuple[str, str, str]] = field(default_factory=set)
    # Values without a place here: table → column → the ids of the objects.
    left_over: defaultdict[str, defaultdict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    # Which columns of which tables were ever taken: what docs/hsds.md is held against.
    columns: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Node:
    """One object of a document, its table and its path."""

    value: Mapping[str, Any]
    table: str
    path: str
    reading: Reading

    @property
    def place(self) -> Place:
        """Where the object stands, for messages."""
        return self.reading.place_of(self.value, self.table, self.path)

    def take(self, key: str) -> Any:
        """Return a value (None if there is none) and note that it was taken."""
        self.reading.taken.add(self._mark(key))
        if key in self.value:
            self.reading.columns.add(f"{self.table}.{key}")
        return self.value.get(key)

    def _mark(self, key: str) -> tuple[str, str, str]:
        return self.table, str(self.value.get("id")), key

    def text(self, key: str) -> str:
        """Return a text, or an empty one."""
        value = self.take(key)
        return "" if value is None else str(value)

    def part(self, key: str) -> Node | None:
        """Return the object under ``key``."""
        child = self.value.get(key)
        if not isinstance(child, Mapping):
            return None
        return Node(
            child, tables()[self.table].parts[key], f"{self.path}.{key}".lstrip("."), self.reading
        )

    def all(self, key: str) -> list[Node]:
        """Return the objects of the list under ``key``."""
        table = tables()[self.table].lists[key]
        return [
            Node(child, table, f"{self.path}.{key}[{number}]".lstrip("."), self.reading)
            for number, child in enumerate(self.value.get(key, ()))
        ]

    def take_all(self) -> None:
        """Note that everything in the object was taken."""
        for key in self.value:
            self.take(key)

    def tell(self, key: str, remedy: str, same: str = "", level: Level = "check") -> None:
        """Note something about the value ``key`` that does not stop the import."""
        self.reading.findings.tell(self.place, key, self.value.get(key, ""), remedy, same, level)

    def stop(self, key: str, remedy: str) -> None:
        """Note something about the value ``key`` that stops it."""
        self.reading.findings.stop(self.place, key, self.value.get(key, ""), remedy)

    def leave(self, key: str) -> None:
        """Note that the value ``key`` has no place here."""
        self.reading.left_over[self.table][key].add(str(self.value.get("id")))

    def left_over(self, skip: frozenset[str] = frozenset()) -> Iterator[tuple[Node, str]]:
        """Yield every value that nobody took, with the object it stands in."""
        shape = tables()[self.table]
        for key, value in self.value.items():
            if key in skip or value in ("", [], {}):
                continue
            if key in shape.parts and isinstance(value, Mapping):
                child = self.part(key)
                yield from child.left_over() if child else ()
            elif key in shape.lists and isinstance(value, list):
                for node in self.all(key):
                    yield from node.left_over()
            elif not _only_links(key) and self._mark(key) not in self.reading.taken:
                yield self, key


def _only_links(key: str) -> bool:
    """True for a value that says only where an object belongs; nesting says it already."""
    return key == "id" or (key.endswith("_id") and key != "parent_organization_id")
