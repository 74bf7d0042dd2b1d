"""`expunge receipt`, `audit`, `find`, `log`, `forget`: what was deleted, by whom, and how it is shown."""
