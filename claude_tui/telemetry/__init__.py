"""Receives what clients say about each response over OpenTelemetry, and switches that on in clients.

A durable writer and nothing else: what arrives is reduced by `sources.telemetry.allowed`, written to the file of the
day, and only then acknowledged. The files are read as any other log is, so a report needs no receiver. Must not know
how anything is counted, priced or shown.
"""
