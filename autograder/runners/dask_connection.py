"""Connect to a Dask scheduler, or say in one sentence why that is impossible."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from autograder.core.errors import GradlabError
from autograder.core.extras import how_to_install

CONNECT_SECONDS = 15.0


class ClusterError(GradlabError):
    """The cluster cannot be used, or no longer. Written for staff."""


@dataclass(frozen=True)
class Tls:
    """The certificates of an encrypted cluster."""

    ca: Path
    cert: Path
    key: Path

    @property
    def security(self) -> Any:
        """The same as Dask's record."""
        from distributed import Security

        files = {"tls_ca_file": str(self.ca)}
        for role in ("client", "scheduler", "worker"):
            files |= {f"tls_{role}_cert": str(self.cert), f"tls_{role}_key": str(self.key)}
        return Security(**files, require_encryption=True)


def is_protected(address: str) -> bool:
    """Return whether only processes with a certificate, or those of this machine, can reach a scheduler."""
    if address.startswith("tls://"):
        return True
    host = urlsplit(address if "://" in address else f"tcp://{address}").hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def require_dask(package: str = "distributed") -> None:
    """Import ``package``, a part of Dask, but not dask_jobqueue's handler of Ctrl-C. Raises ClusterError."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        import_module(package)
    except ImportError:
        raise ClusterError(f"Clusters need Dask. {how_to_install('cluster')}") from None
    finally:
        if signal.getsignal(signal.SIGINT) != handler:
            signal.signal(signal.SIGINT, handler)


@contextmanager
def connected(address: str, tls: Tls | None) -> Iterator[Any]:
    """Open a Dask client on the scheduler at ``address``. Raises ClusterError if none answers."""
    require_dask()
    from distributed import Client

    security = tls.security if tls else None
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado.application")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)  # gradlab reports errors itself
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
