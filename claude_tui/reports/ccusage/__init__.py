"""The reports of ccusage, shape for shape, with our numbers: what scripts and statuslines of others read.

Names of keys, their order and what is left out are ccusage's (version 20), numbers are ours: nothing here may
add a key of our own. Where theirs differ, `explain` says which rule makes the difference.
"""
