"""What can be wrong with a model folder.

ModelError
├── UnsupportedModel    a family or an option that this engine does not compute
└── BrokenCheckpoint    the files contradict one another
"""


class ModelError(Exception):
    """A folder cannot be served; the message names the file and the field."""


class UnsupportedModel(ModelError):
    """The configuration asks for something that is not built."""


class BrokenCheckpoint(ModelError):
    """A file or a tensor is missing, or has another shape than the configuration says."""
