"""Workbooks of rows to correct, edited as a person would in Excel."""

import openpyxl


class Workbook:
    """One workbook; cells are found by the row in the file and the file's heading."""

    def __init__(self, path):
        self.path = path
        self._book = openpyxl.load_workbook(path)

    @property
    def sheets(self):
        return self._book.sheetnames

    def sheet(self, name):
        return self._book[name]

    def place(self, name, key):
        return next(cell.column for cell in self._book[name][1] if cell.value == key)

    def cell(self, name, row, key):
        sheet, at = self._book[name], self.place(name, "#row")
        line = next(line for line in range(3, sheet.max_row + 1) if sheet.cell(line, at).value == row)
        return sheet.cell(line, self.place(name, key))

    def correct(self, name, row, heading, value):
        self.cell(name, row, f"fix:{heading}").value = value
        return self

    def save(self, path=None):
        self._book.save(path or self.path)
        return path or self.path
