"""The check digit of card and account numbers.

Source: ISO/IEC 7812-1, annex B: from the right every second digit counts double, its own digits added up, and the sum
is a multiple of ten.
"""


def valid(digits: str) -> bool:
    """Tell whether the last digit of a number is the right one; no digits are no number."""
    return digits.isascii() and digits.isdecimal() and _sum(digits) % 10 == 0


def completed(digits: str) -> str:
    """Return the number with its check digit behind it."""
    return digits + str(-_sum(digits + "0") % 10)


def _sum(digits: str) -> int:
    plain, doubled = digits[::-2], digits[-2::-2]
    return sum(map(int, plain)) + sum(sum(divmod(2 * int(digit), 10)) for digit in doubled)
