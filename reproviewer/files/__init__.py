"""Weight files: one module per format and a registry; each reads without executing anything.

`read` opens a file of any known format, `read_all` several at once, `save` writes one without ever risking the old one.
"""

from reproviewer.files.contents import FileContents
from reproviewer.files.formats import FORMATS, Format, format_for_name
from reproviewer.files.reader import read, read_all

__all__ = ["FORMATS", "FileContents", "Format", "format_for_name", "read", "read_all"]
