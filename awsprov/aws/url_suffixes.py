"""The ends of the host names of AWS's endpoints: each partition has its own. No imports: `status` needs it first."""

_DEFAULT = "amazonaws.com"
_BY_PREFIX = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}  # a test compares it with botocore's partitions


def url_suffix(region: str) -> str:
    """Return the end of the host names of AWS's endpoints in a region, such as `amazonaws.com`."""
    return next((suffix for prefix, suffix in _BY_PREFIX.items() if region.startswith(prefix)), _DEFAULT)
