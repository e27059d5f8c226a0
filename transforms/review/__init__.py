"""What the weekly pages and the workbook show: published tables picked, counted and worded."""
