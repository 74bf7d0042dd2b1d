"""What is merged into the template: resources by hand, alarms made from their list."""
