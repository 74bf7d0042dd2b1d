"""What a deletion is and what may happen to it: pure, standard library only, no I/O and no clock."""
