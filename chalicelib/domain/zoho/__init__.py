"""What each answer of Zoho's means for us.

`judge_call` judges the call as a whole; where it is ANSWERED, `judge_items` judges each id, `judge_job` how
far a job is. `codes` has Zoho's codes, `own_codes` ours; `lookup` finds them, and explains them to people.
"""
