from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
version = next(
    line.split('"')[1]
    for line in (here / "sklearn_lga" / "_version.py").read_text().splitlines()
    if line.startswith("__version__")
)

extras = {
    "plot": ["matplotlib>=3.8"],
    "table": ["matplotlib>=3.8", "pandas>=2.1", "pyarrow>=14.0", "skrub>=0.6"],
    "distributed": ["accelerate>=1.0", "dask[distributed]>=2024.5"],
    "safetensors": ["safetensors>=0.4"],
}
extras["test"] = [
    *(extras["plot"] + extras["table"] + extras["distributed"]),
    *extras["safetensors"],
    "hypothesis>=6.80",
    "numpydoc>=1.6",
    "pytest>=7.4",
    "pytest-xdist>=3.5",
    "ruff>=0.9",
]
extras["doc"] = [
    *(extras["plot"] + extras["table"]),
    "numpydoc>=1.6",
    "pydata-sphinx-theme>=0.16",
    "sphinx>=7.2",
    "sphinx-copybutton>=0.5",
    "sphinx-design>=0.6",
    "sphinx-gallery>=0.17",
]

setup(
    name="sklearn_lga",
    version=version,
    description="Label gradient alignment: semi-supervised learning with a "
    "scikit-learn face",
    long_description=(here / "README.rst").read_text(),
    long_description_content_type="text/x-rst",
    license="BSD-3-Clause",
    packages=find_packages(include=["sklearn_lga", "sklearn_lga.*"]),
    package_data={"sklearn_lga": ["py.typed"], "sklearn_lga._command": ["*.html"]},
    entry_points={"console_scripts": ["sklearn-lga = sklearn_lga._command:main"]},
    python_requires=">=3.10",
    install_requires=[
        "numpy>=1.25",
        "scipy>=1.11",
        "scikit-learn>=1.6",
        "torch>=2.4",
        "skorch>=1.2",
        "joblib>=1.3",
        "threadpoolctl>=3.1",
        "tqdm>=4.60",
    ],
    extras_require=extras,
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
