"""Compiles the C kernels into the wheel; everything else about the package is in setup.cfg.

Where there is no compiler, or none for this processor, the wheel comes without and torch does the
work, more slowly. TOOLKIT_KERNELS names the kinds to build ("avx2 amx"; empty: none).
"""

import os
import platform
import runpy
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ENGINE = Path("toolkit", "translators", "engine")
RECIPE = runpy.run_path(str(Path(__file__).parent / ENGINE / "kernel_kinds.py"))


def kinds():
    if platform.machine().lower() not in ("x86_64", "amd64") or os.name != "posix":
        return []
    if not any(map(shutil.which, RECIPE["COMPILERS"])):
        return []
    return os.environ.get("TOOLKIT_KERNELS", " ".join(RECIPE["KINDS"])).split()


def compile_kind(kind, folder):
    """Return whether a compiler made the library of a kind."""
    made = folder / RECIPE["file_name"](kind)
    flags = [*RECIPE["FLAGS"], *RECIPE["KINDS"][kind], "-fPIC", "-shared", "-s"]
    for compiler in filter(shutil.which, RECIPE["COMPILERS"]):
        command = [compiler, *flags, str(ENGINE / "native" / "network.c"), "-o", str(made), "-lm"]
        if subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0:
            return True
    made.unlink(missing_ok=True)
    return False


class BuildWithKernels(build_py):
    def run(self):
        super().run()
        if self.editable_mode:
            return  # compiled on first use
        folder = Path(self.build_lib) / ENGINE / "native"
        wanted = kinds()
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            made = list(threads.map(lambda kind: compile_kind(kind, folder), wanted))
        missing = [kind for kind, is_made in zip(wanted, made, strict=True) if not is_made]
        if missing or not wanted:
            lacks = ", ".join(missing) or "any processor"
            print(f"warning: no C kernels for {lacks} in this build", file=sys.stderr)


class PlatformWheel(bdist_wheel):
    """A wheel for one kind of machine, and any version of Python, if kernels are in it."""

    def get_tag(self):
        python, abi, system = super().get_tag()
        return (python, abi, system) if self.root_is_pure else ("py3", "none", system)


class WithLibraries(Distribution):
    def has_ext_modules(self):
        return bool(kinds())


setup(
    distclass=WithLibraries, cmdclass={"build_py": BuildWithKernels, "bdist_wheel": PlatformWheel}
)
