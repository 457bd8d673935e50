"""What is known of single responses: read from the logs when asked, kept by file. Must not know what anything costs."""
