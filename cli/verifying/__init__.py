"""`expunge verify`: why was this captured request refused?"""
