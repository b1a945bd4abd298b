import type { KeyIn } from "./queries";

export type Scope = NonNullable<KeyIn["scopes"]>[number];

/** What a key may be allowed, in words. */
export const SCOPE_WORDS: Record<Scope, string> = {
  inference: "Call models",
  "adapters:read": "See adapters",
  "adapters:write": "Upload and delete adapters",
  keys: "Make and revoke keys",
  usage: "See usage and receipts",
  billing: "See credit and the ledger",
  "team:read": "See the team",
  "team:write": "Change the team",
  audit: "Read the audit log",
};

export const GRANTABLE = Object.keys(SCOPE_WORDS) as Scope[];
