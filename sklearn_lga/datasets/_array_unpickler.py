"""Reading arrays from pickles without running what else a pickle may ask for."""

import pickle

import numpy as np


class _Dtype:
    """Stands in for ``numpy.dtype``, of which the name and byte order are used."""

    def __init__(self, name, *flags):
        self.name = _as_str(name)
        self.dtype = np.dtype(self.name)

    def __setstate__(self, state):
        self.dtype = np.dtype(_as_str(state[1]) + self.name)


class _Array:
    """Stands in for ``numpy.ndarray``; ``numpy.asarray`` turns it into one."""

    def __init__(self, *type_and_shape):
        self.array = None

    def __setstate__(self, state):
        _, shape, dtype, is_fortran, data = state
        self.array = _from_buffer(data, dtype, shape, "F" if is_fortran else "C")

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)


def _from_buffer(buffer, dtype, shape, order):
    return np.frombuffer(buffer, dtype.dtype).reshape(shape, order=order)


def _encode(text, encoding):
    """How Python 3 writes bytes in protocol 2; other codecs are not needed."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the codec {encoding!r}")
    return text.encode("latin1")


def _as_str(text):
    """Strings of Python 2 are unpickled as bytes."""
    return text.decode("ascii") if isinstance(text, bytes) else text


class ArrayUnpickler(pickle.Unpickler):
    """Unpickles arrays of numbers and built-in containers, and imports nothing.

    A pickle can name any function of any module and have it called. This one gets
    stand-ins for what arrays are made of, by the names that numpy had for them over
    the years, and nothing else.
    """

    allowed = {
        ("numpy.core.multiarray", "_reconstruct"): _Array,
        ("numpy.core.numeric", "_frombuffer"): _from_buffer,
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _Dtype,
        ("_codecs", "encode"): _encode,
    }

    def find_class(self, module, name):
        """What the pickle calls ``module.name``, if arrays need it."""
        try:
            return self.allowed[module.replace("numpy._core", "numpy.core"), name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, which arrays do not need. It was "
                "refused: pickles can run code"
            ) from None
