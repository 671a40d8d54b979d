"""How the C kernels in ``native/`` are compiled: one library for each set of instructions.

Read by the package's build as well (``setup.py``), so it imports nothing of ours.
"""

from __future__ import annotations

COMPILERS = ("cc", "gcc", "clang")
FLAGS = (
    "-O3",
    "-std=gnu11",
    "-pthread",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffinite-math-only",
    "-fassociative-math",
    "-fno-signed-zeros",
    "-freciprocal-math",
)
_AVX512 = ("-march=cascadelake", "-mprefer-vector-width=512")
_AVX2 = ("-mavx2", "-mfma")
# By the names of ``machine.Vectors``, from the widest instructions to the narrowest.
KINDS = {
    "amx": (*_AVX512, "-mamx-tile", "-mamx-int8"),
    "avx512": _AVX512,
    "avx-vnni": (*_AVX2, "-mavxvnni"),
    "avx2": _AVX2,
}


def file_name(kind: str) -> str:
    """Return the name of the library of a kind, which a wheel has beside the sources."""
    return f"kernels-{kind}.so"
