"""Logs of JSON lines, record by record: what such clients share between record and row. Must not know any client."""
