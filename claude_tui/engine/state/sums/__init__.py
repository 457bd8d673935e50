"""Sums of responses per local day, owner and model. Must not know single responses once they are summed."""
