"""Which libraries that run networks are installed, told without importing them."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from yolact_cli.errors import SettingsError

_INSTALL = {
    "openvino": "pip install openvino",
    "onnxruntime": "pip install onnxruntime onnx onnxscript",
    "onnxscript": "pip install onnxruntime onnx onnxscript",
    "nncf": "pip install nncf openvino",
}


def is_installed(module: str) -> bool:
    """Whether ``import module`` would find something."""
    return find_spec(module) is not None


def require(module: str, *, what_for: str) -> None:
    """Do nothing where the library is installed.

    Raises:
        SettingsError: It is not; with the command that installs it.
    """
    if not is_installed(module):
        raise SettingsError(
            f"{what_for} needs {module}, which is not installed.",
            remedy=f"Install it with: {_INSTALL[module]}",
        )


def installed_version(package: str) -> str:
    """The version of an installed package, or an empty text."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
