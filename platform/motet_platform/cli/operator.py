"""What operators' commands share: Django, and errors in one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

from pydantic import ValidationError

from motet_platform.cli.output import fail
from motet_platform.config import Config, ConfigError, get_config
from motet_platform.errors import MotetError


def find_database() -> None:
    """Without MOTET_DATABASE_URL, the database that `motet up` runs beside us, if it does."""
    if "MOTET_DATABASE_URL" not in os.environ:
        address = Config().var / "run" / "database.url"
        try:
            os.environ["MOTET_DATABASE_URL"] = address.read_text().strip()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise ConfigError(f"{address} cannot be read: {error.strerror}") from error


@contextmanager
def configured() -> Iterator[None]:
    """Errors of settings, and those with a sentence of their own, end the command in one line."""
    if find_spec("django") is None:
        fail("the control plane is not installed here: install motet[platform]")
    try:
        yield
    except (ConfigError, MotetError) as error:
        fail(str(error))
    except ValidationError as error:
        wrong = error.errors()[0]
        name = "_".join(["MOTET", *(str(part) for part in wrong["loc"])]).upper()
        fail(f"{name}: {wrong['msg']}")


@contextmanager
def operator() -> Iterator[None]:
    """Django set up, with a database; its errors end the command in one line too."""
    with configured():
        find_database()
        get_config().require_database_url()
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "motet_platform.settings")
        import django
        from django.core.exceptions import ValidationError as DjangoValidationError
        from django.db import OperationalError, ProgrammingError

        django.setup()
        from motet_platform.audit.actor import Actor, acting

        try:
            with acting(Actor("operator", "command line")):
                yield
        except DjangoValidationError as error:
            fail(" ".join(error.messages))
        except OperationalError as error:
            fail(f"the database does not answer: {error}")
        except ProgrammingError as error:
            fail(f"the database is not up to date (motet migrate): {error}")


def django_command(arguments: Sequence[str]) -> None:
    """Django's own management commands."""
    with configured():
        find_database()
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "motet_platform.settings")
        from django.core.management import execute_from_command_line

        execute_from_command_line([f"{sys.executable} -m motet_platform django", *arguments])
