export interface paths {
    "/auth/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Another account of one's own. It starts without credit. */
        post: operations["auth_accounts_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Accounts that have invited the person who is signed in. */
        get: operations["auth_invitations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/invitations/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Joins the account that the token's invitation is for. */
        post: operations["auth_invitations_accept"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Who is signed in, and their accounts; 401 `not_signed_in` sets the CSRF cookie too. */
        get: operations["auth_session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** @description Changes the person's name. E-mail and password are allauth's. */
        patch: operations["auth_session_update"];
        trace?: never;
    };
    "/auth/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Exchanges the session for a short-lived Bearer that acts for one account. */
        post: operations["auth_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The account that the key belongs to. */
        get: operations["account_get"];
        put?: never;
        post?: never;
        /** @description Deletes the account with its keys, adapters and members. Unused credit is lost. */
        delete: operations["account_delete"];
        options?: never;
        head?: never;
        /** @description Changes what is given. The slug is fixed: model names begin with it. */
        patch: operations["account_update"];
        trace?: never;
    };
    "/v1/adapters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The account's adapters with their versions and aliases, newest first. */
        get: operations["adapters_list"];
        put?: never;
        /** @description A new adapter, to which versions are then uploaded. */
        post: operations["adapters_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/adapters/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Authenticated by key, or by a signed-in member's token. `scopes` names, per method, what the
         *     key must be allowed.
         */
        get: operations["adapters_get"];
        put?: never;
        post?: never;
        /** @description Deletes the adapter, its versions and its files. Streams that run are finished. */
        delete: operations["adapters_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/adapters/{name}/aliases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Authenticated by key, or by a signed-in member's token. `scopes` names, per method, what the
         *     key must be allowed.
         */
        get: operations["aliases_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/adapters/{name}/aliases/{alias}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Authenticated by key, or by a signed-in member's token. `scopes` names, per method, what the
         *     key must be allowed.
         */
        get: operations["aliases_get"];
        /**
         * @description Points the alias to ready versions, with shares of the traffic, in one step. Setting
         *     `default` ends its following of the newest version; deleting it begins that again.
         */
        put: operations["aliases_set"];
        post?: never;
        /**
         * @description Authenticated by key, or by a signed-in member's token. `scopes` names, per method, what the
         *     key must be allowed.
         */
        delete: operations["aliases_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/adapters/{name}/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * @description A new version whose two files are fetched from a hub repository or from two URLs. Poll
         *     the version until it is `ready` or `rejected`; `imported_from` says how far it is.
         *     Deleting the version ends the import.
         */
        post: operations["versions_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/adapters/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Authenticated by key, or by a signed-in member's token. `scopes` names, per method, what the
         *     key must be allowed.
         */
        get: operations["versions_list"];
        put?: never;
        /**
         * @description A new version. Multipart: exactly the files `adapter_config` and `adapter_model`, then
         *     202 (or 200 with the version that has these bytes already). JSON: declares both files for
         *     a resumable upload, then 201. Poll the version until it is `ready` or `rejected`.
         */
        post: operations["versions_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/adapters/{name}/versions/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Authenticated by key, or by a signed-in member's token. `scopes` names, per method, what the
         *     key must be allowed.
         */
        get: operations["versions_get"];
        put?: never;
        post?: never;
        /** @description Deletes a version that no alias set by hand leads to. */
        delete: operations["versions_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/adapters/{name}/versions/{number}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Hands a resumable upload, all bytes of which are here, to the gate. */
        post: operations["versions_complete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/adapters/{name}/versions/{number}/parts/{part}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * @description The next chunk of a part, at most 64 MiB, with `Content-Range: bytes first-last/size`.
         *     After a lost answer, GET the version to see how far the part has come.
         */
        put: operations["parts_append"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Who changed what, newest first. */
        get: operations["audit_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Where the account is told that a cap has reached 80 % or 100 %. */
        get: operations["billing_alerts"];
        /** @description Replaces the settings. A new webhook address gets a new secret. */
        put: operations["billing_alerts_set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/autotopup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The account's automatic top-up, off where it was never set. */
        get: operations["billing_autotopup"];
        /** @description Set it. Turning it on needs a saved card: top up once by Checkout. */
        put: operations["billing_autotopup_set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/balance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The account's credit, lot by lot in the order in which they pay. */
        get: operations["billing_balance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/caps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The spend caps of the account and of its live keys. */
        get: operations["billing_caps"];
        /** @description Sets or lifts the account's cap. A key's own is set at /v1/keys/{id}. */
        put: operations["billing_caps_set"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/checkout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Begin a top-up: send the person to `url`, where the card is also saved. */
        post: operations["billing_checkout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/invoices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The account's latest 100 invoices, newest first. */
        get: operations["billing_invoices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Everything that moved the account's credit, newest first. */
        get: operations["billing_ledger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/payment_methods": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The account's saved cards. They are changed in the portal. */
        get: operations["billing_payment_methods"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/payments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The account's top-ups, newest first. */
        get: operations["billing_payments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/payments/{payment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description One top-up. While it is open Stripe is asked, so a late webhook holds nobody up. */
        get: operations["billing_payment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/portal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description A short-lived address where cards, invoices and tax ids are managed. */
        post: operations["billing_portal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Whether and how this installation takes payments. */
        get: operations["billing_settings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/billing/statement": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description A month's statement: top-ups, grants, refunds and expiry one by one, charges by model.
         *     CSV with `Accept: text/csv` or `?format=csv`: charges by day and model, and amounts that
         *     sum to the closing balance.
         */
        get: operations["billing_statement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/catalog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Base models. An adapter costs what its base costs. */
        get: operations["catalog_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/import-sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description From where this installation imports adapters. */
        get: operations["import_sources_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Invitations that are open. */
        get: operations["invitations_list"];
        put?: never;
        /** @description Invites somebody by mail, for a week. */
        post: operations["invitations_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations/{invitation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** @description The link in the mail leads nowhere any more. */
        delete: operations["invitations_revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The account's keys, newest first, revoked ones included. */
        get: operations["keys_list"];
        put?: never;
        /** @description A new key that can do no more than the one that asks. The secret is shown only here. */
        post: operations["keys_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Authenticated by key, or by a signed-in member's token. `scopes` names, per method, what the
         *     key must be allowed.
         */
        get: operations["keys_get"];
        put?: never;
        post?: never;
        /** @description Revokes the key, at once and for good. */
        delete: operations["keys_revoke"];
        options?: never;
        head?: never;
        /** @description Sets or lifts the key's spend cap; it holds for the next request. */
        patch: operations["keys_update"];
        trace?: never;
    };
    "/v1/keys/{key_id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description A new secret for the same key, shown only here; the old one is refused from now on. */
        post: operations["keys_rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The people of the account. */
        get: operations["members_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/members/{member_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** @description Removes a member, or yourself, and revokes the keys that they made. */
        delete: operations["members_remove"];
        options?: never;
        head?: never;
        /** @description Another role. It takes effect at once, and the member's keys lose what it may not do. */
        patch: operations["members_update"];
        trace?: never;
    };
    "/v1/operator/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description All accounts, newest first. */
        get: operations["operator_accounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operator/accounts/{slug}/grant": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Gives an account credit. 202: with MOTET_FOUR_EYES it waits for another's approval. */
        post: operations["operator_grant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operator/accounts/{slug}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Lets a suspended account work again. */
        post: operations["operator_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operator/accounts/{slug}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Stops every key and every member of an account at once. */
        post: operations["operator_suspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operator/adjustments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Credit given and taken by hand, newest first: what was posted, refused, and waits. */
        get: operations["operator_adjustments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operator/adjustments/{adjustment_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Posts an adjustment that waits; whoever asked for it cannot. */
        post: operations["operator_adjustment_approve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operator/adjustments/{adjustment_id}/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Ends an adjustment that waits; nothing moves. */
        post: operations["operator_adjustment_refuse"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operator/spend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description What each account used, the biggest spenders first. */
        get: operations["operator_spend"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operator/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The figures of /v1/stats over all accounts together. */
        get: operations["operator_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operator/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Workers, their load, and which adapters they hold where. */
        get: operations["operator_workers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/receipts/{request_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description What one request used, at which price, and what it cost. */
        get: operations["receipts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Requests that began, newest first. To follow what happens, ask for the first page again
         *     every few seconds: it is one look into an index.
         */
        get: operations["requests_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/service-accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Authenticated by key, or by a signed-in member's token. `scopes` names, per method, what the
         *     key must be allowed.
         */
        get: operations["service_accounts_list"];
        put?: never;
        /** @description A member that is no person. Give it keys with `POST /v1/keys {"service_account": id}`. */
        post: operations["service_accounts_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/service-accounts/{service_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Authenticated by key, or by a signed-in member's token. `scopes` names, per method, what the
         *     key must be allowed.
         */
        get: operations["service_accounts_get"];
        put?: never;
        post?: never;
        /** @description Deletes it and revokes its keys. */
        delete: operations["service_accounts_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Requests, errors, tokens, cost and time to the first token, by hour or day. Without
         *     `start`, the last day.
         */
        get: operations["stats_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The workers that serve everybody, and the account's own adapters. */
        get: operations["status_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * @description Tokens and cost, grouped by any of model, adapter, version, key, member, day, hour. CSV
         *     with `Accept: text/csv` or `?format=csv`: streamed, of any size, in no particular order.
         */
        get: operations["usage_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AcceptIn: {
            token: string;
        };
        AccountOfMineOut: {
            id: number;
            slug: string;
            name: string;
            role: string;
            readonly suspended: boolean;
        };
        AccountOut: {
            readonly id: number;
            slug: string;
            name: string;
            retention_days?: number | null;
            /** Format: date-time */
            created_at?: string;
        };
        /**
         * @description * `member` - Member
         *     * `key` - Key
         *     * `service_account` - Service Account
         *     * `operator` - Operator
         *     * `system` - System
         * @enum {string}
         */
        ActorKindEnum: "member" | "key" | "service_account" | "operator" | "system";
        AdapterIn: {
            name: string;
            base_model: string;
            /** @default  */
            description?: string;
        };
        AdapterOut: {
            readonly object: string;
            readonly name: string;
            readonly model: string;
            base_model: string;
            readonly description: string;
            readonly versions: components["schemas"]["VersionOut"][];
            readonly aliases: components["schemas"]["AliasOut"][];
            /** Format: date-time */
            readonly created_at: string;
        };
        AdapterPageOut: {
            object: string;
            data: components["schemas"]["AdapterOut"][];
            has_more: boolean;
            next: string | null;
        };
        /** @description Credit given or taken by hand. `waiting`: another one of the staff has to approve it. */
        AdjustmentOut: {
            /** @default adjustment */
            object?: string;
            id: number;
            account: string;
            /** @description USD; negative was taken away. */
            readonly amount: string;
            lot_kind: components["schemas"]["LotKindEnum"];
            reason: string;
            once: string | null;
            state: components["schemas"]["AdjustmentOutStateEnum"];
            asked_by: string;
            decided_by?: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            decided_at: string | null;
        };
        /**
         * @description * `waiting` - Waiting
         *     * `posted` - Posted
         *     * `refused` - Refused
         * @enum {string}
         */
        AdjustmentOutStateEnum: "waiting" | "posted" | "refused";
        AdjustmentPageOut: {
            object: string;
            data: components["schemas"]["AdjustmentOut"][];
            has_more: boolean;
            next: string | null;
        };
        AlertsIn: {
            /** @default true */
            email?: boolean;
            /** Format: uri */
            webhook_url?: string | null;
        };
        AlertsOut: {
            object: string;
            /** @description To the account's owners and administrators. */
            email: boolean;
            webhook_url: string | null;
            /** @description Calls are signed with it, as standardwebhooks.com describes. */
            webhook_secret: string | null;
        };
        AliasIn: {
            targets: components["schemas"]["TargetIn"][];
        };
        AliasListOut: {
            object: string;
            data: components["schemas"]["AliasOut"][];
        };
        AliasOut: {
            readonly object: string;
            alias: string;
            readonly model: string;
            readonly targets: components["schemas"]["TargetOut"][];
            readonly follows_newest: boolean;
            /** Format: date-time */
            readonly updated_at: string;
        };
        AuditEntryOut: {
            readonly id: number;
            /** Format: date-time */
            readonly created_at: string;
            actor_kind: components["schemas"]["ActorKindEnum"];
            readonly actor: string;
            readonly action: string;
            readonly target: string;
            before: {
                [key: string]: unknown;
            } | null;
            after: {
                [key: string]: unknown;
            } | null;
            readonly ip: string | null;
        };
        AuditPageOut: {
            object: string;
            data: components["schemas"]["AuditEntryOut"][];
            has_more: boolean;
            next: string | null;
        };
        AutoTopupIn: {
            enabled: boolean;
            /** @description Top up when less than this is available. */
            threshold: string;
            amount: string;
            /** @description At most this much per month (UTC). */
            monthly_cap: string;
        };
        AutoTopupOut: {
            enabled: boolean;
            /** @description Top up when less than this is available. */
            threshold: string;
            amount: string;
            /** @description At most this much per month (UTC). */
            monthly_cap: string;
            object: string;
            spent_this_month: string;
            failures: number;
            /** @description Why it was turned off: `authentication_required` means that the person must top up by hand; else the reason of the last of three declines. */
            stopped: string;
        };
        /** @description Amounts are exact decimals in USD. */
        BalanceOut: {
            object: string;
            /** @description What the account has. */
            posted: string;
            /** @description Of that, held for requests that run now. */
            reserved: string;
            available: string;
            lots: components["schemas"]["LotOut"][];
        };
        /** @description The version is the one that the request began with. */
        BoundPriceOut: {
            input: string;
            cached_input: string;
            output: string;
            version: number;
            /** Format: date-time */
            valid_from: string;
        };
        BucketOut: {
            requests: number;
            /** @description Without those that the client left (499). */
            errors: number;
            prompt_tokens: number;
            cached_tokens: number;
            completion_tokens: number;
            /** @description USD, an exact decimal. */
            cost: string;
            /** @description null: nothing to measure. */
            ttft_p50_ms: number | null;
            ttft_p95_ms: number | null;
            /**
             * Format: date-time
             * @description When the bucket begins.
             */
            time: string;
        };
        /** @description A cap as a client asks for it; valid, it is a `CapAsked`. */
        CapIn: {
            /** @description USD, such as "50.00". */
            limit: string;
            /**
             * @description UTC; none: never resets.
             *
             *     * `day` - day
             *     * `week` - week
             *     * `month` - month
             *     * `none` - none
             * @default month
             */
            period?: components["schemas"]["PeriodEnum"];
        };
        /** @description Amounts are exact decimals in USD. */
        CapOut: {
            limit: string;
            period: components["schemas"]["PeriodEnum"];
            /** @description Charged since window_start. */
            spent: string;
            /** @description Held for requests that run now. */
            reserved: string;
            remaining: string;
            /** Format: date-time */
            window_start: string;
            /** Format: date-time */
            resets_at: string | null;
        };
        CapsIn: {
            /** @description null lifts the cap. */
            account: components["schemas"]["CapIn"] | null;
        };
        CapsOut: {
            object: string;
            account: components["schemas"]["CapOut"] | null;
            keys: components["schemas"]["KeyCapOut"][];
        };
        CatalogEntryOut: {
            /** @description The model's name in requests. */
            id: string;
            family: string;
            /** @description Tokens of prompt and answer together. */
            context_length: number;
            /** @description null: not for sale, so it is not served. */
            price: components["schemas"]["PriceOut"] | null;
            capabilities: string[];
            /** @description What an adapter for this base may be. */
            lora: components["schemas"]["LoraOut"];
            /** Format: date-time */
            created_at: string;
        };
        CatalogOut: {
            object: string;
            data: components["schemas"]["CatalogEntryOut"][];
        };
        ChargeOut: {
            base_model: string;
            model: string;
            requests: number;
            prompt_tokens: number;
            cached_tokens: number;
            completion_tokens: number;
            cost: string;
        };
        CheckoutIn: {
            amount: string;
        };
        /** @description Since the worker started: two looks and their difference give a rate. */
        CountersOut: {
            /** Format: double */
            uptime_s: number;
            steps: number;
            /** @description With two or more adapters. */
            steps_mixed: number;
            steps_by_adapters: {
                [key: string]: number;
            };
            prompt_tokens: number;
            cached_tokens: number;
            completion_tokens: number;
            preemptions: number;
            core_restarts: number;
            /** Format: double */
            step_ms_p50: number;
            /** Format: double */
            step_ms_p99: number;
        };
        DeclaredIn: {
            /** Format: int64 */
            size: number;
            sha256: string;
        };
        ErrorOut: {
            code: string;
            message: string;
        };
        /** @description What the gate found in an adapter; empty until it has passed. */
        FactsOut: {
            rank?: number;
            targets?: string[];
            layers?: number;
            parameters?: number;
            dtypes?: string[];
            /** Format: double */
            alpha?: number;
            rslora?: boolean;
            trained_on?: string | null;
            model_sha256?: string;
        };
        FiguresOut: {
            requests: number;
            /** @description Without those that the client left (499). */
            errors: number;
            prompt_tokens: number;
            cached_tokens: number;
            completion_tokens: number;
            /** @description USD, an exact decimal. */
            cost: string;
            /** @description null: nothing to measure. */
            ttft_p50_ms: number | null;
            ttft_p95_ms: number | null;
        };
        /** @description The multipart form. */
        FilesIn: {
            /** Format: uri */
            adapter_config: string;
            /** Format: uri */
            adapter_model: string;
        };
        GrantIn: {
            /** @description USD, such as 25.00. */
            amount: string;
            /**
             * @description Stands in the customer's ledger as well.
             * @default granted by the operator
             */
            reason?: string;
            /** @description A name for this grant: it grants only once. */
            once?: string;
        };
        HeldOut: {
            digest: string;
            /** @description Versions with these bytes; empty: deleted ones. */
            models: string[];
            place: components["schemas"]["HeldOutPlaceEnum"];
            /** @description Requests that use it now. */
            pins: number;
            /** @description Since the worker started. */
            requests: number;
        };
        /**
         * @description * `gpu` - gpu
         *     * `host` - host
         *     * `disk` - disk
         * @enum {string}
         */
        HeldOutPlaceEnum: "gpu" | "host" | "disk";
        /** @description What was held for the request at most, and how that ended. */
        HoldOut: {
            amount: string;
            /** Format: date-time */
            opened_at: string;
            state: string;
            captured: string;
            /** Format: date-time */
            settled_at: string | null;
        };
        /** @description A repository of the hub that this installation is set to. */
        HubIn: {
            /** @description owner/name */
            repository: string;
            /**
             * @description A branch, tag or commit.
             * @default main
             */
            revision?: string;
            subfolder?: string;
            /** @description For a private repository. Encrypted until the import has run, then forgotten. */
            token?: string | null;
        };
        /** @description Exactly one of the two. */
        ImportIn: {
            hub?: components["schemas"]["HubIn"];
            urls?: components["schemas"]["UrlsIn"];
        };
        ImportSourcesOut: {
            object: string;
            /** @description Its address; null: switched off. */
            hub: string | null;
            /** @description Whether pre-signed and public URLs are taken. */
            urls: boolean;
        };
        /** @description From where a version was imported, and how far that is. No token and no URL. */
        ImportedFromOut: {
            readonly kind: components["schemas"]["ImportedFromOutKindEnum"];
            readonly host: string;
            readonly repository: string;
            readonly revision: string;
            readonly subfolder: string;
            readonly commit: string | null;
            readonly received: number;
            /** @description Bytes of both files, once the source has told. */
            total: number | null;
        };
        /**
         * @description * `hub` - Hub
         *     * `urls` - Urls
         * @enum {string}
         */
        ImportedFromOutKindEnum: "hub" | "urls";
        InvitationIn: {
            /** Format: email */
            email: string;
            role: components["schemas"]["Role"];
        };
        InvitationListOut: {
            object: string;
            data: components["schemas"]["InvitationOut"][];
        };
        InvitationOut: {
            id: number;
            /** Format: email */
            email: string;
            role: components["schemas"]["Role"];
            invited_by?: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
        };
        InvoiceListOut: {
            object: string;
            data: components["schemas"]["InvoiceOut"][];
        };
        InvoiceOut: {
            id: string;
            number: string | null;
            status: string | null;
            /** @description USD, with tax. */
            total: string;
            /** Format: date-time */
            created_at: string;
            url: string | null;
            pdf: string | null;
        };
        /** @description Amounts are exact decimals in USD. */
        KeyCapOut: {
            limit: string;
            period: components["schemas"]["PeriodEnum"];
            /** @description Charged since window_start. */
            spent: string;
            /** @description Held for requests that run now. */
            reserved: string;
            remaining: string;
            /** Format: date-time */
            window_start: string;
            /** Format: date-time */
            resets_at: string | null;
            key_id: number;
            prefix: string;
            name: string;
        };
        KeyIn: {
            name: string;
            scopes?: components["schemas"]["ScopesEnum"][];
            models?: string[] | null;
            requests_per_minute?: number | null;
            tokens_per_minute?: number | null;
            /** Format: date-time */
            expires_at?: string | null;
            /** @description Whose the key shall be; null: your own. */
            service_account?: number | null;
            spend_cap?: components["schemas"]["CapIn"] | null;
        };
        /** @description `context["caps"]`: the account's caps by key. */
        KeyOut: {
            readonly id: number;
            readonly name: string;
            readonly prefix: string;
            readonly scopes: string[];
            readonly models: string[] | null;
            readonly requests_per_minute: number | null;
            readonly tokens_per_minute: number | null;
            /** Format: date-time */
            readonly expires_at: string | null;
            /** Format: date-time */
            readonly revoked_at: string | null;
            /** Format: date-time */
            readonly created_at: string;
            /** Format: date-time */
            readonly last_used_at: string | null;
            created_by?: string | null;
            service_account?: string | null;
            readonly spend_cap: components["schemas"]["CapOut"] | null;
        };
        KeyPageOut: {
            object: string;
            data: components["schemas"]["KeyOut"][];
            has_more: boolean;
            next: string | null;
        };
        LedgerOut: {
            object: string;
            data: components["schemas"]["LineOut"][];
            has_more: boolean;
            next: string | null;
        };
        LineLotOut: {
            lot: number;
            amount: string;
        };
        LineOut: {
            id: number;
            /** Format: date-time */
            created_at: string;
            kind: string;
            reference: string;
            /** @description USD; credit is positive, a charge negative. */
            amount: string;
            memo: string;
            /** @description What a capture paid for. */
            request_id: string | null;
            lots: components["schemas"]["LineLotOut"][];
        };
        LoraOut: {
            max_rank: number;
            projections: string[];
        };
        /**
         * @description * `promo` - promo
         *     * `paid` - paid
         * @enum {string}
         */
        LotKindEnum: "promo" | "paid";
        LotOut: {
            id: number;
            kind: string;
            amount: string;
            remaining: string;
            /** Format: date-time */
            expires_at: string | null;
        };
        MemberListOut: {
            object: string;
            data: components["schemas"]["MemberOut"][];
        };
        MemberOut: {
            id: number;
            /** Format: email */
            email: string;
            name: string;
            role: components["schemas"]["Role"];
            /** Format: date-time */
            created_at: string;
        };
        MovementOut: {
            /** Format: date-time */
            created_at: string;
            kind: string;
            reference: string;
            memo: string;
            /** @description USD; what came in is positive. */
            amount: string;
        };
        MyInvitationListOut: {
            object: string;
            data: components["schemas"]["MyInvitationOut"][];
        };
        MyInvitationOut: {
            account: string;
            account_name: string;
            role: components["schemas"]["Role"];
            invited_by?: string | null;
            /** Format: date-time */
            expires_at: string;
            readonly token: string;
        };
        NewAccountIn: {
            name: string;
            /** @description First half of model names; from the e-mail. */
            slug?: string;
        };
        /** @description `context["caps"]`: the account's caps by key. */
        NewKeyOut: {
            readonly id: number;
            readonly name: string;
            readonly prefix: string;
            readonly scopes: string[];
            readonly models: string[] | null;
            readonly requests_per_minute: number | null;
            readonly tokens_per_minute: number | null;
            /** Format: date-time */
            readonly expires_at: string | null;
            /** Format: date-time */
            readonly revoked_at: string | null;
            /** Format: date-time */
            readonly created_at: string;
            /** Format: date-time */
            readonly last_used_at: string | null;
            created_by?: string | null;
            service_account?: string | null;
            readonly spend_cap: components["schemas"]["CapOut"] | null;
            /** @description The key itself, shown this once. */
            key: string;
        };
        /**
         * @description * `adapter_config` - Config
         *     * `adapter_model` - Model
         * @enum {string}
         */
        PartEnum: "adapter_config" | "adapter_model";
        PartOut: {
            readonly part: components["schemas"]["PartEnum"];
            readonly size: number;
            readonly received: number;
        };
        PatchedAccountIn: {
            name?: string;
            /** @description For how many days single requests are shown; null: always. Sums and the books stay. */
            retention_days?: number | null;
        };
        PatchedKeyPatchIn: {
            /** @description null lifts the cap. */
            spend_cap?: components["schemas"]["CapIn"] | null;
        };
        PatchedMemberIn: {
            role?: components["schemas"]["Role"];
        };
        PatchedPersonIn: {
            name?: string;
        };
        PaymentListOut: {
            object: string;
            data: components["schemas"]["PaymentOut"][];
            has_more: boolean;
            next: string | null;
        };
        PaymentMethodListOut: {
            object: string;
            data: components["schemas"]["PaymentMethodOut"][];
        };
        PaymentMethodOut: {
            id: string;
            brand: string;
            last4: string;
            /** @description Month and year: 12/2040. */
            expires: string;
            default: boolean;
        };
        /** @description A top-up. `url` is where to pay it, while it is open. */
        PaymentOut: {
            /** @default payment */
            object?: string;
            /** Format: uuid */
            id: string;
            kind: components["schemas"]["PaymentOutKindEnum"];
            state: components["schemas"]["PaymentOutStateEnum"];
            /** @description USD of credit. */
            amount: string;
            /** @description USD that was charged, with tax. */
            paid: string;
            url: string;
            receipt_url: string;
            error: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            paid_at: string | null;
        };
        /**
         * @description * `checkout` - Checkout
         *     * `auto` - Auto
         * @enum {string}
         */
        PaymentOutKindEnum: "checkout" | "auto";
        /**
         * @description * `new` - New
         *     * `open` - Open
         *     * `paid` - Paid
         *     * `failed` - Failed
         * @enum {string}
         */
        PaymentOutStateEnum: "new" | "open" | "paid" | "failed";
        /**
         * @description * `day` - day
         *     * `week` - week
         *     * `month` - month
         *     * `none` - none
         * @enum {string}
         */
        PeriodEnum: "day" | "week" | "month" | "none";
        PersonOut: {
            readonly id: number;
            /** Format: email */
            readonly email: string;
            readonly name: string;
            readonly is_staff: boolean;
            /** Format: date-time */
            readonly created_at: string;
        };
        PortalOut: {
            url: string;
        };
        /** @description USD per 1M tokens, exact decimals. */
        PriceOut: {
            input: string;
            cached_input: string;
            output: string;
        };
        /** @description How a request's record is shown, whole or in a list. */
        ReceiptOut: {
            readonly object: string;
            readonly request_id: string;
            readonly model: string;
            base_model: string;
            readonly version: string | null;
            readonly digest: string;
            key?: string | null;
            key_name?: string | null;
            readonly endpoint: string;
            readonly status: number;
            readonly finish_reason: string;
            readonly streamed: boolean;
            readonly prompt_tokens: number;
            readonly cached_tokens: number;
            readonly completion_tokens: number;
            readonly price: components["schemas"]["BoundPriceOut"];
            readonly cost: string;
            readonly hold: components["schemas"]["HoldOut"] | null;
            readonly fault: string;
            readonly ttft_ms: number | null;
            readonly duration_ms: number | null;
            /** Format: date-time */
            readonly created_at: string;
        };
        /** @description How a request's record is shown, whole or in a list. */
        RequestOut: {
            readonly request_id: string;
            /** Format: date-time */
            readonly created_at: string;
            readonly model: string;
            base_model: string;
            readonly version: string | null;
            key?: string | null;
            key_name?: string | null;
            key_id: number | null;
            readonly member: string | null;
            readonly endpoint: string;
            readonly status: number;
            readonly finish_reason: string;
            readonly streamed: boolean;
            readonly prompt_tokens: number;
            readonly cached_tokens: number;
            readonly completion_tokens: number;
            readonly cost: string;
            readonly fault: string;
            readonly ttft_ms: number | null;
            readonly duration_ms: number | null;
        };
        RequestPageOut: {
            object: string;
            data: components["schemas"]["RequestOut"][];
            has_more: boolean;
            next: string | null;
        };
        ResidentOut: {
            /** @description acme/support@3 */
            model: string;
            base_model: string;
            /**
             * @description The nearest place in which any worker has it.
             *
             *     * `gpu` - gpu
             *     * `host` - host
             *     * `disk` - disk
             *     * `remote` - remote
             */
            place: components["schemas"]["ResidentOutPlaceEnum"];
            workers_on_gpu: number;
        };
        /**
         * @description * `gpu` - gpu
         *     * `host` - host
         *     * `disk` - disk
         *     * `remote` - remote
         * @enum {string}
         */
        ResidentOutPlaceEnum: "gpu" | "host" | "disk" | "remote";
        /**
         * @description * `owner` - Owner
         *     * `admin` - Admin
         *     * `developer` - Developer
         *     * `billing` - Billing
         *     * `viewer` - Viewer
         * @enum {string}
         */
        Role: "owner" | "admin" | "developer" | "billing" | "viewer";
        /**
         * @description * `inference` - inference
         *     * `adapters:read` - adapters:read
         *     * `adapters:write` - adapters:write
         *     * `keys` - keys
         *     * `usage` - usage
         *     * `billing` - billing
         *     * `team:read` - team:read
         *     * `team:write` - team:write
         *     * `audit` - audit
         * @enum {string}
         */
        ScopesEnum: "inference" | "adapters:read" | "adapters:write" | "keys" | "usage" | "billing" | "team:read" | "team:write" | "audit";
        ServiceAccountIn: {
            name: string;
            description?: string;
            /** @default developer */
            role?: components["schemas"]["ServiceAccountRole"];
        };
        ServiceAccountListOut: {
            object: string;
            data: components["schemas"]["ServiceAccountOut"][];
        };
        ServiceAccountOut: {
            id: number;
            name: string;
            description: string;
            role: components["schemas"]["ServiceAccountRole"];
            created_by?: string | null;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * @description * `admin` - Admin
         *     * `developer` - Developer
         *     * `billing` - Billing
         *     * `viewer` - Viewer
         * @enum {string}
         */
        ServiceAccountRole: "admin" | "developer" | "billing" | "viewer";
        SessionOut: {
            user: components["schemas"]["PersonOut"];
            accounts: components["schemas"]["AccountOfMineOut"][];
        };
        SettingsOut: {
            object: string;
            stripe: components["schemas"]["StripeEnum"];
            /** @description Whether Stripe adds tax to a top-up. */
            tax: boolean;
            min_amount: string;
            max_amount: string;
            /** @description A payment of the account is disputed. */
            disputed: boolean;
        };
        SpendOut: {
            object: string;
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            data: components["schemas"]["SpendRowOut"][];
        };
        SpendRowOut: {
            account_id: number;
            account: string;
            requests: number;
            errors: number;
            prompt_tokens: number;
            completion_tokens: number;
            /** @description USD, an exact decimal. */
            cost: string;
        };
        StaffAccountOut: {
            id: number;
            slug: string;
            name: string;
            readonly owners: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            suspended_at: string | null;
            /** Format: date-time */
            deleted_at: string | null;
            /** @description USD. */
            readonly available: string;
            /** @description USD, held for what runs now. */
            readonly reserved: string;
            /** @description USD. */
            readonly spent_30d: string;
            readonly requests_30d: number;
        };
        StaffAccountPageOut: {
            object: string;
            data: components["schemas"]["StaffAccountOut"][];
            has_more: boolean;
            next: string | null;
        };
        StaffWorkerOut: {
            target: string;
            worker_id: string;
            base_model: string;
            healthy: boolean;
            running: number;
            queue: number;
            slots_used: number;
            slots_total: number;
            blocks_free: number;
            blocks_total: number;
            /** @description null: it does not answer. */
            counters: components["schemas"]["CountersOut"] | null;
            adapters: components["schemas"]["HeldOut"][];
        };
        StaffWorkersOut: {
            object: string;
            data: components["schemas"]["StaffWorkerOut"][];
        };
        /** @description Amounts are exact decimals in USD: opening + movements - charged = closing. */
        StatementOut: {
            object: string;
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            /** @description The month has ended. */
            final: boolean;
            opening: string;
            closing: string;
            charged: string;
            movements: components["schemas"]["MovementOut"][];
            charges: components["schemas"]["ChargeOut"][];
        };
        StatsOut: {
            object: string;
            bucket: string;
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            data: components["schemas"]["BucketOut"][];
            total: components["schemas"]["FiguresOut"];
        };
        StatusOut: {
            object: string;
            /** @description Every worker answers and takes requests. */
            healthy: boolean;
            workers: components["schemas"]["WorkerOut"][];
            adapters: components["schemas"]["ResidentOut"][];
        };
        /**
         * @description * `off` - off
         *     * `sandbox` - sandbox
         *     * `live` - live
         * @enum {string}
         */
        StripeEnum: "off" | "sandbox" | "live";
        TargetIn: {
            version: number;
            /** @default 1 */
            weight?: number;
        };
        TargetOut: {
            version: number;
            weight: number;
        };
        TokenIn: {
            /** @description A slug; null: the first. */
            account?: string | null;
        };
        TokenOut: {
            /** @description Bearer for /v1, of minutes. */
            token: string;
            /** Format: date-time */
            expires_at: string;
            account: components["schemas"]["AccountOfMineOut"];
            scopes: string[];
            accounts: components["schemas"]["AccountOfMineOut"][];
        };
        /** @description The resumable form: what will be sent. */
        UploadIn: {
            adapter_config: components["schemas"]["DeclaredIn"];
            adapter_model: components["schemas"]["DeclaredIn"];
        };
        /** @description Two https addresses, pre-signed or public. */
        UrlsIn: {
            adapter_config: string;
            adapter_model: string;
        };
        UsageOut: {
            object: string;
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            data: components["schemas"]["UsageRowOut"][];
            total: components["schemas"]["UsageRowOut"];
        };
        UsageRowOut: {
            requests: number;
            prompt_tokens: number;
            cached_tokens: number;
            completion_tokens: number;
            /** @description USD, an exact decimal. */
            cost: string;
            model?: string;
            adapter?: string;
            version?: string;
            key?: string;
            member?: string;
            /** Format: date */
            day?: string;
            /** Format: date-time */
            hour?: string;
        };
        VersionListOut: {
            object: string;
            data: components["schemas"]["VersionOut"][];
        };
        VersionOut: {
            readonly object: string;
            version: number;
            readonly model: string;
            readonly state: components["schemas"]["VersionOutStateEnum"];
            readonly digest: string | null;
            readonly rank: number | null;
            readonly size: number | null;
            readonly details: components["schemas"]["FactsOut"];
            readonly error: components["schemas"]["ErrorOut"] | null;
            /** @description Progress of a resumable upload. */
            parts: components["schemas"]["PartOut"][];
            readonly imported_from: components["schemas"]["ImportedFromOut"] | null;
            /** Format: date-time */
            readonly created_at: string;
            /** Format: date-time */
            readonly ready_at: string | null;
        };
        /**
         * @description * `uploading` - Uploading
         *     * `validating` - Validating
         *     * `ready` - Ready
         *     * `rejected` - Rejected
         *     * `deleted` - Deleted
         * @enum {string}
         */
        VersionOutStateEnum: "uploading" | "validating" | "ready" | "rejected" | "deleted";
        WorkerOut: {
            name: string;
            /** @description Empty for one that has not answered yet. */
            base_model: string;
            healthy: boolean;
            /** @description Requests in the batch. */
            running: number;
            /** @description Requests that wait for room in it. */
            queue: number;
            /** @description Adapters in GPU memory. */
            slots_used: number;
            slots_total: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    auth_accounts_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAccountIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountOfMineOut"];
                };
            };
        };
    };
    auth_invitations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyInvitationListOut"];
                };
            };
        };
    };
    auth_invitations_accept: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AcceptIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountOfMineOut"];
                };
            };
        };
    };
    auth_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionOut"];
                };
            };
        };
    };
    auth_session_update: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PatchedPersonIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonOut"];
                };
            };
        };
    };
    auth_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TokenIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenOut"];
                };
            };
        };
    };
    account_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountOut"];
                };
            };
        };
    };
    account_delete: {
        parameters: {
            query: {
                /** @description The account's slug. */
                confirm: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    account_update: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PatchedAccountIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountOut"];
                };
            };
        };
    };
    adapters_list: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdapterPageOut"];
                };
            };
        };
    };
    adapters_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdapterIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdapterOut"];
                };
            };
        };
    };
    adapters_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdapterOut"];
                };
            };
        };
    };
    adapters_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    aliases_list: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasListOut"];
                };
            };
        };
    };
    aliases_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasOut"];
                };
            };
        };
    };
    aliases_set: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AliasIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasOut"];
                };
            };
        };
    };
    aliases_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alias: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    versions_import: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ImportIn"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionOut"];
                };
            };
        };
    };
    versions_list: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionListOut"];
                };
            };
        };
    };
    versions_create: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["FilesIn"];
                "application/json": components["schemas"]["UploadIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionOut"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionOut"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionOut"];
                };
            };
        };
    };
    versions_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionOut"];
                };
            };
        };
    };
    versions_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    versions_complete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionOut"];
                };
            };
        };
    };
    parts_append: {
        parameters: {
            query?: never;
            header: {
                "Content-Range": string;
            };
            path: {
                name: string;
                number: number;
                part: "adapter_config" | "adapter_model";
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PartOut"];
                };
            };
        };
    };
    audit_log: {
        parameters: {
            query?: {
                /** @description `key.create`, or `key` for all of its actions. */
                action?: string;
                actor?: string;
                after?: number;
                limit?: number;
                target?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPageOut"];
                };
            };
        };
    };
    billing_alerts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertsOut"];
                };
            };
        };
    };
    billing_alerts_set: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AlertsIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertsOut"];
                };
            };
        };
    };
    billing_autotopup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AutoTopupOut"];
                };
            };
        };
    };
    billing_autotopup_set: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AutoTopupIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AutoTopupOut"];
                };
            };
        };
    };
    billing_balance: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BalanceOut"];
                };
            };
        };
    };
    billing_caps: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapsOut"];
                };
            };
        };
    };
    billing_caps_set: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CapsIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapsOut"];
                };
            };
        };
    };
    billing_checkout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CheckoutIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentOut"];
                };
            };
        };
    };
    billing_invoices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvoiceListOut"];
                };
            };
        };
    };
    billing_ledger: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LedgerOut"];
                };
            };
        };
    };
    billing_payment_methods: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentMethodListOut"];
                };
            };
        };
    };
    billing_payments: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentListOut"];
                };
            };
        };
    };
    billing_payment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                payment_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentOut"];
                };
            };
        };
    };
    billing_portal: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PortalOut"];
                };
            };
        };
    };
    billing_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingsOut"];
                };
            };
        };
    };
    billing_statement: {
        parameters: {
            query?: {
                format?: "csv" | "json";
                /** @description Such as 2026-11, in UTC; this month where it is left out. */
                month?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatementOut"];
                    "text/csv": string;
                };
            };
        };
    };
    catalog_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogOut"];
                };
            };
        };
    };
    import_sources_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportSourcesOut"];
                };
            };
        };
    };
    invitations_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationListOut"];
                };
            };
        };
    };
    invitations_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InvitationIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationOut"];
                };
            };
        };
    };
    invitations_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                invitation_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    keys_list: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyPageOut"];
                };
            };
        };
    };
    keys_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKeyOut"];
                };
            };
        };
    };
    keys_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyOut"];
                };
            };
        };
    };
    keys_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    keys_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PatchedKeyPatchIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyOut"];
                };
            };
        };
    };
    keys_rotate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKeyOut"];
                };
            };
        };
    };
    members_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemberListOut"];
                };
            };
        };
    };
    members_remove: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                member_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    members_update: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                member_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PatchedMemberIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemberOut"];
                };
            };
        };
    };
    operator_accounts: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
                /** @description In slug, name or a member's e-mail. */
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffAccountPageOut"];
                };
            };
        };
    };
    operator_grant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GrantIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdjustmentOut"];
                };
            };
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdjustmentOut"];
                };
            };
        };
    };
    operator_resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffAccountOut"];
                };
            };
        };
    };
    operator_suspend: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffAccountOut"];
                };
            };
        };
    };
    operator_adjustments: {
        parameters: {
            query?: {
                /** @description A slug. */
                account?: string;
                after?: number;
                limit?: number;
                /**
                 * @description * `waiting` - Waiting
                 *     * `posted` - Posted
                 *     * `refused` - Refused
                 */
                state?: "waiting" | "posted" | "refused";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdjustmentPageOut"];
                };
            };
        };
    };
    operator_adjustment_approve: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                adjustment_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdjustmentOut"];
                };
            };
        };
    };
    operator_adjustment_refuse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                adjustment_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdjustmentOut"];
                };
            };
        };
    };
    operator_spend: {
        parameters: {
            query?: {
                /** @description Left out of the answer; now where it is not given. */
                end?: string;
                limit?: number;
                /** @description Included; 30 days ago where it is left out. */
                start?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SpendOut"];
                };
            };
        };
    };
    operator_stats: {
        parameters: {
            query?: {
                /** @description acme/support */
                adapter?: string;
                /**
                 * @description * `hour` - hour
                 *     * `day` - day
                 */
                bucket?: "hour" | "day";
                /** @description Left out. */
                end?: string;
                /** @description The key's id. */
                key?: number;
                /** @description An e-mail, or service:NAME. */
                member?: string;
                /** @description As it was asked for. */
                model?: string;
                /** @description Included. */
                start?: string;
                /** @description acme/support@3 */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatsOut"];
                };
            };
        };
    };
    operator_workers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffWorkersOut"];
                };
            };
        };
    };
    receipts_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                request_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReceiptOut"];
                };
            };
        };
    };
    requests_list: {
        parameters: {
            query?: {
                /** @description acme/support */
                adapter?: string;
                /** @description `next` of a page. */
                after?: string;
                /** @description Left out. */
                end?: string;
                /** @description The key's id. */
                key?: number;
                limit?: number;
                /** @description An e-mail, or service:NAME. */
                member?: string;
                /** @description As it was asked for. */
                model?: string;
                /** @description Included. */
                start?: string;
                /** @description `ok`, `error`, or a number. */
                status?: string;
                /** @description acme/support@3 */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestPageOut"];
                };
            };
        };
    };
    service_accounts_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceAccountListOut"];
                };
            };
        };
    };
    service_accounts_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceAccountIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceAccountOut"];
                };
            };
        };
    };
    service_accounts_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                service_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceAccountOut"];
                };
            };
        };
    };
    service_accounts_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                service_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    stats_get: {
        parameters: {
            query?: {
                /** @description acme/support */
                adapter?: string;
                /**
                 * @description * `hour` - hour
                 *     * `day` - day
                 */
                bucket?: "hour" | "day";
                /** @description Left out. */
                end?: string;
                /** @description The key's id. */
                key?: number;
                /** @description An e-mail, or service:NAME. */
                member?: string;
                /** @description As it was asked for. */
                model?: string;
                /** @description Included. */
                start?: string;
                /** @description acme/support@3 */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatsOut"];
                };
            };
        };
    };
    status_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusOut"];
                };
            };
        };
    };
    usage_get: {
        parameters: {
            query?: {
                /** @description acme/support */
                adapter?: string;
                /** @description Left out of the answer; now where it is not given. */
                end?: string;
                format?: "csv" | "json";
                group_by?: string;
                /** @description The key's id. */
                key?: number;
                /** @description An e-mail, or service:NAME. */
                member?: string;
                /** @description As it was asked for. */
                model?: string;
                /** @description Included; 30 days ago where it is left out. */
                start?: string;
                /** @description acme/support@3 */
                version?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageOut"];
                    "text/csv": string;
                };
            };
        };
    };
}
