"""The weekly review: two pages and a workbook, drawn from one published night alone."""




