"""The one package that uses boto3: the session, clients, retries, rate limits, polling, and errors in plain words."""

import logging

logging.getLogger("awsprov").addHandler(logging.NullHandler())  # the application decides where logs go
