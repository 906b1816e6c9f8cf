"""How a customer number is keyed in on a telephone: letters are the key that they stand on (C-004812 → 2004812)."""

_LETTERS = {"2": "ABC", "3": "DEF", "4": "GHI", "5": "JKL", "6": "MNO", "7": "PQRS", "8": "TUV", "9": "WXYZ"}
_KEY_OF = {letter: key for key, letters in _LETTERS.items() for letter in letters}


def keypad_form(number: str) -> str:
    """Digits stay, Latin letters become their key, all else is left out."""
    pressed = (_KEY_OF.get(character, character) for character in number.upper())
    return "".join(key for key in pressed if key in "0123456789")
