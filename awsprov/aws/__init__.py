"""The one place that makes boto3 clients: sessions, retries, rate limits, polling, and errors in plain words."""
