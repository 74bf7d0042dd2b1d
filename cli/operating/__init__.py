"""What operators do by hand: look, stop, approve, settle, hold, pause, put back to work."""
