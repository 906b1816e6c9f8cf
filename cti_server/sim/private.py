"""Texts about people that simulated people use: recognisable, so that a check finds them wherever they must not be."""

NUMBER_PREFIX = "0109735"
NAME = "Hong-Private"
NOTE = "PrivateNote"
ANSWER = "PrivateAnswer"
RIGHT_PIN = "97531"
WRONG_PIN = "86420"
CUSTOMER_NUMBER = "731946"
PRIVATE = tuple(text.encode() for text in (NUMBER_PREFIX, NAME, NOTE, ANSWER, RIGHT_PIN, WRONG_PIN, CUSTOMER_NUMBER))
