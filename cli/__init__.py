"""`expunge`: commands for operators and integrators, on the local stack or in an AWS account."""
