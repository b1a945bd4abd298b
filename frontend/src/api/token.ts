// The Bearer for /v1: ten minutes of one account, kept in this module's memory and nowhere else.
import { csrf } from "./csrf";
import { problemOf, unreachable } from "./problem";
import type { components } from "./schema";

export type Token = components["schemas"]["TokenOut"];

const EARLY_MS = 60_000; // renewed so long before its end
const CHOSEN = "motet-account";

let current: Promise<Token> | null = null;
let renewAt = 0;

export function token(): Promise<Token> {
  if (current === null || Date.now() >= renewAt) {
    renewAt = Number.POSITIVE_INFINITY; // one exchange at a time
    current = exchange().then(
      (fresh) => {
        renewAt = Date.parse(fresh.expires_at) - EARLY_MS;
        return fresh;
      },
      (error: unknown) => {
        current = null;
        throw error;
      },
    );
  }
  return current;
}

export function forgetToken(): void {
  current = null;
}

/** From now on the token is for this account; null: the first one. */
export function chooseAccount(slug: string | null): void {
  if (slug === null) localStorage.removeItem(CHOSEN);
  else localStorage.setItem(CHOSEN, slug);
  forgetToken();
}

async function exchange(): Promise<Token> {
  const chosen = localStorage.getItem(CHOSEN);
  const first = await post(chosen);
  // The account may be gone, or somebody else may have used this browser.
  const response = first.status === 404 && chosen !== null ? await post(null) : first;
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response, body);
  return body as Token;
}

function post(account: string | null): Promise<Response> {
  return fetch("/auth/token", {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrftoken": csrf() },
    body: JSON.stringify({ account }),
  }).catch(() => {
    throw unreachable();
  });
}
