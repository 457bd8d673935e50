"""How new price files are made and checked, for this package and by `claude-top prices refresh`.

The only room that knows other price lists. Must not be imported by anything that prices.
"""
