"""/v1/adapters and /v1/adapters/{name}: adapters and their aliases. Versions: version_views."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.adapters.aliases import alias_delete, alias_set
from motet_platform.adapters.selectors import adapter_get, adapters_of, aliases_of
from motet_platform.adapters.serializers import (
    AdapterIn,
    AdapterOut,
    AdapterPageOut,
    AliasIn,
    AliasListOut,
    AliasOut,
    show_alias,
)
from motet_platform.adapters.services import adapter_create, adapter_delete
from motet_platform.api.paging import Page, PageQuery
from motet_platform.api.view import ApiView
from motet_platform.errors import NotFound
from motet_platform.keys import scopes

READ_WRITE = {
    "GET": scopes.ADAPTERS_READ,
    "POST": scopes.ADAPTERS_WRITE,
    "PUT": scopes.ADAPTERS_WRITE,
    "DELETE": scopes.ADAPTERS_WRITE,
}


# Of each adapter in a list of up to 200; one adapter is shown with all of its versions.
LISTED_VERSIONS = 20


class AdaptersView(ApiView):
    scopes = {"GET": scopes.ADAPTERS_READ, "POST": scopes.ADAPTERS_WRITE}

    @extend_schema(operation_id="adapters_list", parameters=[PageQuery], responses=AdapterPageOut)
    def get(self, request: Request) -> Response:
        """The account's adapters with their newest versions and their aliases, newest first."""
        page = Page.of(request)
        adapters = adapters_of(self.account, newest=LISTED_VERSIONS).order_by("-pk")
        if page.after is not None:
            adapters = adapters.filter(pk__lt=page.after)
        rows = list(adapters[: page.limit + 1])
        return Response(page.body(rows, lambda a: AdapterOut(a).data, lambda a: a.pk))

    @extend_schema(operation_id="adapters_create", request=AdapterIn, responses={201: AdapterOut})
    def post(self, request: Request) -> Response:
        """A new adapter, to which versions are then uploaded."""
        body = AdapterIn(data=request.data)
        body.is_valid(raise_exception=True)
        adapter = adapter_create(account=self.account, **body.validated_data)
        return Response(AdapterOut(adapter).data, status=201)


class AdapterView(ApiView):
    scopes = {"GET": scopes.ADAPTERS_READ, "DELETE": scopes.ADAPTERS_WRITE}

    @extend_schema(operation_id="adapters_get", responses=AdapterOut)
    def get(self, request: Request, name: str) -> Response:
        adapter = adapters_of(self.account).filter(name=name).first()
        if adapter is None:
            raise NotFound("There is no such adapter.", code="adapter_not_found")
        return Response(AdapterOut(adapter).data)

    @extend_schema(operation_id="adapters_delete", responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Deletes the adapter, its versions and its files. Streams that run are finished."""
        adapter_delete(adapter=adapter_get(self.account, name))
        return Response(status=204)


class AliasesView(ApiView):
    scopes = {"GET": scopes.ADAPTERS_READ}

    @extend_schema(operation_id="aliases_list", responses=AliasListOut)
    def get(self, request: Request, name: str) -> Response:
        adapter = adapter_get(self.account, name)
        data = [show_alias(alias, adapter) for alias in aliases_of(adapter)]
        return Response({"object": "list", "data": data})


class AliasView(ApiView):
    scopes = READ_WRITE

    @extend_schema(operation_id="aliases_get", responses=AliasOut)
    def get(self, request: Request, name: str, alias: str) -> Response:
        return self._show(name, alias)

    @extend_schema(operation_id="aliases_set", request=AliasIn, responses=AliasOut)
    def put(self, request: Request, name: str, alias: str) -> Response:
        """Points the alias to ready versions, with shares of the traffic, in one step. Setting
        `default` ends its following of the newest version; deleting it begins that again."""
        adapter = adapter_get(self.account, name)
        body = AliasIn(data=request.data)
        body.is_valid(raise_exception=True)
        weights = {t["version"]: t["weight"] for t in body.validated_data["targets"]}
        alias_set(adapter=adapter, name=alias, weights=weights)
        return self._show(name, alias)

    @extend_schema(operation_id="aliases_delete", responses={204: None})
    def delete(self, request: Request, name: str, alias: str) -> Response:
        alias_delete(adapter=adapter_get(self.account, name), name=alias)
        return Response(status=204)

    def _show(self, name: str, alias: str) -> Response:
        adapter = adapter_get(self.account, name)
        found = aliases_of(adapter).filter(name=alias).first()
        if found is None:
            raise NotFound("There is no such alias.", code="alias_not_found")
        return Response(show_alias(found, adapter))
