"""What has been counted: a store is the books with a lock over them; `intake` and `remembered` say what comes in.

Must not read files, know clocks or answer questions.
"""
