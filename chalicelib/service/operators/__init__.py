"""What operators ask for: commands, holds, pauses, the list, dead letters."""
