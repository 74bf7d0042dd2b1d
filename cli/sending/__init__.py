"""`expunge send`: from arguments, requests and files of ids to deliveries that can be resumed."""
