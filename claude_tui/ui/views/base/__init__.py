"""What views are made from: what all share, a view that is one table, a long question. Must not know any one view."""
