"""What each class of resources is in CloudFormation, in the module of its area."""
