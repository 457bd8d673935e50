"""What clients say of each response over OpenTelemetry. Must not know how it got here, nor what is logged elsewhere."""
