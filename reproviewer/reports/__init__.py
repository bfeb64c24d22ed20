"""Reports of a comparison to keep or to send: one page of HTML, the same as JSON, and its tensors as CSV.

All three are made of one document (`document.report_document`), so that they cannot tell different things. Nothing is
imported before a report is wanted.
"""
