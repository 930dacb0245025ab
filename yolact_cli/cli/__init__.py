"""The only room that knows click, the terminal and exit codes."""
