"""POST /v1/adapters/{name}/import: a version whose files come from elsewhere."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.adapters.imports.serializers import ImportIn, ImportSourcesOut
from motet_platform.adapters.imports.services import import_open
from motet_platform.adapters.selectors import adapter_get
from motet_platform.adapters.serializers import VersionOut, show_version
from motet_platform.api.view import ApiView
from motet_platform.config import get_config
from motet_platform.keys import scopes


class ImportView(ApiView):
    scopes = {"POST": scopes.ADAPTERS_WRITE}

    @extend_schema(operation_id="versions_import", request=ImportIn, responses={202: VersionOut})
    def post(self, request: Request, name: str) -> Response:
        """A new version whose two files are fetched from a hub repository or from two URLs. Poll
        the version until it is `ready` or `rejected`; `imported_from` says how far it is.
        Deleting the version ends the import."""
        adapter = adapter_get(self.account, name)
        body = ImportIn(data=request.data)
        body.is_valid(raise_exception=True)
        version = import_open(adapter=adapter, source=body.asked, created_by=self.key.created_by)
        return Response(show_version(version, adapter), status=202)


class ImportSourcesView(ApiView):
    scopes = {"GET": scopes.ADAPTERS_READ}

    @extend_schema(operation_id="import_sources_get", responses=ImportSourcesOut)
    def get(self, request: Request) -> Response:
        """From where this installation imports adapters."""
        config = get_config()
        return Response(
            {"object": "import_sources", "hub": config.hub_url or None, "urls": config.import_urls}
        )
