"""Files generated from the commands themselves: completions and the manual page. Must not run the commands."""
