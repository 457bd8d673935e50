"""Text and marks that several views draw. Must not know widgets or the app."""
