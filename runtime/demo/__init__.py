"""The demo department: its people and opening balances, entered as an installation would enter its own, and
months of its work, done by its people through the processes on a clock that is moved.

Invented: people, brands, companies, prices. Not here: anything that a real installation
runs; it never imports this."""

from runtime.demo.building import build, live, there
from runtime.demo.figures import NEARLY_SHORT, dataset
from runtime.demo.people import PASSWORD, Person, people
from runtime.demo.seeding import begin_work, introduced, open_books, opening, seed

__all__ = [
    "NEARLY_SHORT",
    "PASSWORD",
    "Person",
    "begin_work",
    "build",
    "dataset",
    "introduced",
    "live",
    "open_books",
    "opening",
    "people",
    "seed",
    "there",
]
