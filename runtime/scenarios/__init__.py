"""Scenario files: worked examples of a process, read, played on a throw-away installation, and what they covered.

`processes/NAME/NAME.scenarios.yaml` says in the words of the process what is given, who does what, and
what must have come of it (docs/scenarios.md). Here: which files are meant (places), reading one (read),
judging it beside what is deployed (judge), playing it (play, asking), the installations it is played in
(ground), which flows and elements were taken (coverage), and their drawings (drawing). Not here: the
command (cli/scenarios.py)."""

from runtime.scenarios.ground import START, Ground
from runtime.scenarios.model import Scenario
from runtime.scenarios.play import Player, Result, play
from runtime.scenarios.read import SUFFIX, read

__all__ = ["START", "SUFFIX", "Ground", "Player", "Result", "Scenario", "play", "read"]
