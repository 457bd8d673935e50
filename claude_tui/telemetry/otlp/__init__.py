"""The two forms in which clients export: JSON and protobuf. Must not know who posts, nor what of it is kept."""
