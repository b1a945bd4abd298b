"""GET and POST /v1/keys; GET, PATCH and DELETE /v1/keys/{id}; POST /v1/keys/{id}/rotate."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.api.paging import Page, PageQuery
from motet_platform.api.view import ApiView
from motet_platform.keys import scopes
from motet_platform.keys.models import ApiKey
from motet_platform.keys.selectors import key_get, keys_of
from motet_platform.keys.services import key_cap_change, key_create, key_revoke, key_rotate
from motet_platform.team.service_accounts import service_account_get
from motet_platform.wallet.caps import CapIn, CapOut, cap_shown, caps_of

_MODEL = RegexValidator(r"\A[A-Za-z0-9._:@/-]+\Z", "Not the name of a model.")


class KeyIn(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=scopes.ALL), min_length=1, required=False
    )
    models = serializers.ListField(
        child=serializers.CharField(max_length=200, validators=[_MODEL]),
        min_length=1,
        max_length=100,
        allow_null=True,
        required=False,
    )
    requests_per_minute = serializers.IntegerField(
        min_value=1, max_value=1_000_000, allow_null=True, required=False
    )
    tokens_per_minute = serializers.IntegerField(
        min_value=1, max_value=2_000_000_000, allow_null=True, required=False
    )
    expires_at = serializers.DateTimeField(allow_null=True, required=False)
    service_account = serializers.IntegerField(
        allow_null=True, required=False, help_text="Whose the key shall be; null: your own."
    )
    spend_cap = CapIn(allow_null=True, required=False)


class KeyPatchIn(serializers.Serializer[dict[str, Any]]):
    spend_cap = CapIn(allow_null=True, help_text="null lifts the cap.")


class KeyOut(serializers.ModelSerializer[ApiKey]):
    """`context["caps"]`: the account's caps by key."""

    created_by = serializers.CharField(source="created_by.email", default=None, allow_null=True)
    service_account = serializers.CharField(
        source="service_account.name", default=None, allow_null=True
    )
    spend_cap = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields = [
            "id", "name", "prefix", "scopes", "models", "requests_per_minute", "tokens_per_minute",
            "expires_at", "revoked_at", "created_at", "last_used_at", "created_by",
            "service_account", "spend_cap",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(CapOut(allow_null=True))
    def get_spend_cap(self, key: ApiKey) -> dict[str, Any] | None:
        return cap_shown(self.context["caps"].get(key.pk))


class NewKeyOut(KeyOut):
    key = serializers.CharField(help_text="The key itself, shown this once.")

    class Meta(KeyOut.Meta):
        fields = [*KeyOut.Meta.fields, "key"]


class KeyPageOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = KeyOut(many=True)  # type: ignore[assignment]
    has_more = serializers.BooleanField()
    next = serializers.CharField(allow_null=True)


class KeysView(ApiView):
    scopes = {"GET": scopes.KEYS, "POST": scopes.KEYS}

    @extend_schema(operation_id="keys_list", parameters=[PageQuery], responses=KeyPageOut)
    def get(self, request: Request) -> Response:
        """The account's keys, newest first, revoked ones included."""
        page = Page.of(request)
        keys = keys_of(self.account)
        if page.after is not None:
            keys = keys.filter(pk__lt=page.after)
        rows = list(keys.order_by("-pk")[: page.limit + 1])
        context = {"caps": caps_of(self.account)}
        return Response(
            page.body(rows, lambda key: KeyOut(key, context=context).data, lambda key: key.pk)
        )

    @extend_schema(operation_id="keys_create", request=KeyIn, responses={201: NewKeyOut})
    def post(self, request: Request) -> Response:
        """A new key that can do no more than the one that asks. The secret is shown only here.
        A key with a spend cap or a rate limit makes none."""
        body = KeyIn(data=request.data)
        body.is_valid(raise_exception=True)
        grantable = [scope for scope in self.key.scopes if scope in scopes.ALL]
        wanted = {"scopes": grantable, "models": self.key.models, **body.validated_data}
        service_id = wanted.pop("service_account", None)
        new = key_create(
            account=self.account,
            parent=self.key,
            created_by=self.key.created_by,
            # A service account's key may make more of its own, not of its maker's.
            service_account=self.key.service_account
            if service_id is None
            else service_account_get(self.account, service_id),
            **wanted,
        )
        return Response({**_shown(new.key), "key": new.secret}, status=201)


class KeyView(ApiView):
    scopes = {"GET": scopes.KEYS, "PATCH": scopes.KEYS, "DELETE": scopes.KEYS}

    @extend_schema(operation_id="keys_get", responses=KeyOut)
    def get(self, request: Request, key_id: int) -> Response:
        return Response(_shown(key_get(self.account, key_id)))

    @extend_schema(operation_id="keys_update", request=KeyPatchIn, responses=KeyOut)
    def patch(self, request: Request, key_id: int) -> Response:
        """Sets or lifts the key's spend cap; it holds for the next request."""
        body = KeyPatchIn(data=request.data)
        body.is_valid(raise_exception=True)
        key_cap_change(
            account=self.account,
            key_id=key_id,
            spend_cap=body.validated_data["spend_cap"],
            asked_by=self.key,
        )
        return Response(_shown(key_get(self.account, key_id)))

    @extend_schema(operation_id="keys_revoke", responses={204: None})
    def delete(self, request: Request, key_id: int) -> Response:
        """Revokes the key, at once and for good: your own, or with `team:write` another's."""
        key_revoke(account=self.account, key_id=key_id, asked_by=self.key)
        return Response(status=204)


class KeyRotateView(ApiView):
    scopes = {"POST": scopes.KEYS}

    @extend_schema(operation_id="keys_rotate", request=None, responses=NewKeyOut)
    def post(self, request: Request, key_id: int) -> Response:
        """A new secret for the same key, shown only here; the old one is refused from now on.
        Your own keys, or with `team:write` a service account's."""
        new = key_rotate(account=self.account, key_id=key_id, asked_by=self.key)
        return Response({**_shown(new.key), "key": new.secret})


def _shown(key: ApiKey) -> dict[str, Any]:
    return dict(KeyOut(key, context={"caps": caps_of(key.account)}).data)
