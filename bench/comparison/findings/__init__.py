"""The internship's findings: what each claims, and what the records say of it."""
