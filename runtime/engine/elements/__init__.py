"""What each BPMN element does, one element a file; base.py says what they share."""
