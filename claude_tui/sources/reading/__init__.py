"""Files as bytes, whole lines, JSON objects and documents: what all readers share. Must not know clients."""
