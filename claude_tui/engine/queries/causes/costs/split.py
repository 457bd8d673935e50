"""Divides whole numbers so that the parts always sum to the whole. Must not know what is divided."""

from __future__ import annotations

from collections.abc import Sequence


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide a whole number by weights, of which there is at least one.

    Each gets its share rounded down; what is left over goes to the largest weight, the first of equals. Without any
    weight the first gets all.
    """
    if len(weights) == 1:
        return [total]
    if len(weights) == 2:
        one, other = weights
        if not (whole := one + other):
            return [total, 0]
        of_one, of_other = total * one // whole, total * other // whole
        left = total - of_one - of_other
        return [of_one + left, of_other] if one >= other else [of_one, of_other + left]
    if len(weights) == 3:
        one, other, third = weights
        if not (whole := one + other + third):
            return [total, 0, 0]
        of_one, of_other, of_third = total * one // whole, total * other // whole, total * third // whole
        left = total - of_one - of_other - of_third
        if one >= other and one >= third:
            return [of_one + left, of_other, of_third]
        return [of_one, of_other + left, of_third] if other >= third else [of_one, of_other, of_third + left]
    whole = sum(weights)
    if not whole:
        return [total, *[0] * (len(weights) - 1)]
    parts = [total * weight // whole if weight else 0 for weight in weights]
    if left := total - sum(parts):
        parts[weights.index(max(weights))] += left
    return parts
