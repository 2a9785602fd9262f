"""An independent judge of the engine: a token game of BPMN 2.0, random processes, a referee.

diagram.py, conditions.py, state.py, game.py, joins.py, complexes.py, undo.py and events.py
follow the standard and import nothing of the product; acceptor.py replays in them what the
engine reports; sheet.py and generate.py write the processes; play.py moves engine and game
together."""
