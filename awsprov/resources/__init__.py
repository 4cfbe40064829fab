"""What is provisioned, by area: each class is one kind of thing on AWS with its verbs."""
