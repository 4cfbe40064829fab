"""Tests of the CloudFormation export."""
