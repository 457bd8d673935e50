"""What is made from the commands themselves: completions and the manual page. Must not run them."""
