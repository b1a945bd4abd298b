"""`motet admin`: for operators."""

from __future__ import annotations

from typing import Annotated

import typer

from motet_platform.cli.operator import operator
from motet_platform.cli.output import note

app = typer.Typer(help="Staff of this installation (for operators).", no_args_is_help=True)


@app.command()
def createuser(
    email: Annotated[str, typer.Option()],
    password: Annotated[
        str,
        typer.Option(
            envvar="MOTET_PASSWORD", prompt=True, hide_input=True, confirmation_prompt=True
        ),
    ],
) -> None:
    """Make a person who may log in at /admin, or make one of somebody who is here already."""
    with operator():
        from django.contrib.auth.password_validation import validate_password

        from motet_platform.accounts.models import User

        user = User.objects.filter(email=email.strip().lower()).first()
        validate_password(password, user)
        if user is None:
            user = User.objects.create_superuser(email, password)
        else:
            user.is_staff = user.is_superuser = True
            user.set_password(password)
            user.save()
    note(f"{user.email} may log in at /admin")
