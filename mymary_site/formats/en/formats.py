"""The same as in Korean, so that two people who compare a list see the same figures."""

DATETIME_FORMAT = "Y-m-d H:i"
DATE_FORMAT = "Y-m-d"
