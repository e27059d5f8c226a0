"""The weekly review: two pages and a workbook, drawn from one published night alone."""

from flows.review.write import ReviewRefusal, Written, write_review

__all__ = ["ReviewRefusal", "Written", "write_review"]
