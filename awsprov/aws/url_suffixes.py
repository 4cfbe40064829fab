"""The partitions of AWS by region, and the ends of the host names of their endpoints.

No imports: `status` and the configuration need it first.
"""

_DEFAULT = ("aws", "amazonaws.com")
_BY_PREFIX = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "eusc-": ("aws-eusc", "amazonaws.eu"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
    "us-iso-": ("aws-iso", "c2s.ic.gov"),
    "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"),
    "us-isof-": ("aws-iso-f", "csp.hci.ic.gov"),
    "eu-isoe-": ("aws-iso-e", "cloud.adc-e.uk"),
}  # a test compares it with botocore's partitions


def url_suffix(region: str) -> str:
    """Return the end of the host names of AWS's endpoints in a region, such as `amazonaws.com`."""
    return _partition(region)[1]


def partition_of(region: str) -> str:
    """Return the partition of a region, such as `aws` or `aws-cn`."""
    return _partition(region)[0]


def _partition(region: str) -> tuple[str, str]:
    return next((found for prefix, found in _BY_PREFIX.items() if region.startswith(prefix)), _DEFAULT)
