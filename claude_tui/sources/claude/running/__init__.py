"""What tells what a session does now: the client's list of processes, our hook's marks, the last rows. Never counts."""
