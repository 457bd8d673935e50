"""What has been counted: the store and the books it is made of.

Must not read files, know clocks or answer questions.
"""
