"""A connection to a Dask scheduler, or the sentence that says why there is none."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.core.errors import GradlabError

CONNECT_SECONDS = 15.0


class ClusterError(GradlabError):
    """The cluster cannot be used, or can no longer. Speaks to staff."""


@dataclass(frozen=True)
class Tls:
    """The certificates of an encrypted cluster."""

    ca: Path
    cert: Path
    key: Path

    @property
    def security(self) -> Any:
        """As Dask wants it."""
        from distributed import Security

        files = {"tls_ca_file": str(self.ca)}
        for role in ("client", "scheduler", "worker"):
            files |= {f"tls_{role}_cert": str(self.cert), f"tls_{role}_key": str(self.key)}
        return Security(**files, require_encryption=True)


def require_dask() -> None:
    """Raise ClusterError where gradlab was installed without the extra."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise ClusterError("Clusters need Dask: pip install 'gradlab[cluster]'.") from None


@contextmanager
def connected(address: str, tls: Tls | None) -> Iterator[Any]:
    """A client of Dask's on the scheduler at ``address``. Raises ClusterError when none answers."""
    require_dask()
    from distributed import Client

    security = tls.security if tls else None
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado.application")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)  # what goes wrong is said in our own words
    client = None
    try:
        try:
            client = Client(address, timeout=CONNECT_SECONDS, security=security, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise ClusterError(f"No scheduler answers at {address}: {str(error) or type(error).__name__}.") from None
        yield client
    finally:
        if client is not None:
            client.close(timeout=2)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
