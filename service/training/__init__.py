"""Training for newcomers (研修): invented cases with what a good desk does, and why."""
