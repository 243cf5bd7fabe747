"""Django's own Korean format writes "11:40 오전": the hour before the half of the day. Lists sort better by figures."""

DATETIME_FORMAT = "Y-m-d H:i"
DATE_FORMAT = "Y-m-d"
