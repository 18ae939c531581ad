"""Temporary folders of unpacked or spilled files, gone as soon as nothing refers to them."""

import shutil
import tempfile
import weakref


class ScratchFolder:
    """A folder only its owner may look into, deleted when the last reference to this object goes, at the latest at exit."""

    def __init__(self) -> None:
        #: Its path.
        self.name = tempfile.mkdtemp(prefix="ptanalytics-")
        self._removal = weakref.finalize(self, shutil.rmtree, self.name, ignore_errors=True)

    def cleanup(self) -> None:
        """Delete it now."""
        self._removal()
