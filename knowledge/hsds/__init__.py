"""Open Referral HSDS 3.0: giving the town's records to other software, and reading theirs."""
