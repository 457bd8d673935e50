"""A monkey at the keyboard: any key, any click, any size, logs that grow meanwhile. What is drawn must always be so.

`python -m tests.ui.monkey --seed 7 --actions 100000` plays for longer than the tests do.
"""
