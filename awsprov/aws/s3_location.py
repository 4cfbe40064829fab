"""Places in S3: a bucket, and a prefix of keys."""

from dataclasses import dataclass


@dataclass(frozen=True)
class S3Location:
    """A bucket, and a prefix of keys in it.

    Arguments:
        bucket: its name.
        prefix: empty, or without a slash at either end.
    """

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, uri: str) -> "S3Location":
        """Return the location of `s3://bucket/prefix`."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        return cls(bucket, prefix.strip("/"))

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def below(self, name: str) -> "S3Location":
        """Return the location of a name below this one."""
        return S3Location(self.bucket, f"{self.prefix}/{name}".lstrip("/"))
