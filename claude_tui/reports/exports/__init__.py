"""Responses, days and sessions as rows for other programs: lines, CSV, Parquet. Must not find anything out."""
