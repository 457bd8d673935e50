"""What may be used and how much of it is: five-hour blocks, plan limits, budgets. Must not enforce any of them."""
