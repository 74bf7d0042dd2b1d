"""`expunge completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from cli.output import say

EXAMPLES = """\b
Example:
  expunge completion fish > ~/.config/fish/completions/expunge.fish

\b
Write it to where your shell looks for it:
  bash  ~/.local/share/bash-completion/completions/expunge
  zsh   ~/.zfunc/_expunge, with ~/.zfunc in fpath before compinit
  fish  ~/.config/fish/completions/expunge.fish"""


@click.command(epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands in a shell."""
    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"this version of click has no completion for {shell}")
    script = found(context.find_root().command, {}, "expunge", "_EXPUNGE_COMPLETE").source()
    # A word of ours and its help are two parts for fish, however many commas the help has.
    script = script.replace('string split ","', 'string split --max 1 ","')
    say(*script.splitlines())
