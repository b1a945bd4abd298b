// The Bearer for /v1: ten minutes of one account, kept in this module's memory and nowhere else.
import { chosenAccount, keepAccount, storeAccount } from "./chosen";
import { csrf } from "./csrf";
import { problemOf, unreachable } from "./problem";
import { queries } from "./queries";
import type { components } from "./schema";

export type Token = components["schemas"]["TokenOut"];

const EARLY_MS = 60_000; // renewed so long before its end

let current: Promise<Token> | null = null;
let renewAt = 0;

export function token(): Promise<Token> {
  if (current === null || Date.now() >= renewAt) {
    renewAt = Number.POSITIVE_INFINITY; // one exchange at a time
    const asked = exchange().then(
      (fresh) => {
        // One that was forgotten meanwhile says nothing of the account chosen since.
        if (asked === current) {
          renewAt = Date.parse(fresh.expires_at) - EARLY_MS;
          keepAccount(fresh.account.slug);
        }
        return fits(fresh) ? fresh : startAnew();
      },
      (error: unknown) => {
        if (asked === current) current = null;
        throw error;
      },
    );
    current = asked;
  }
  return current;
}

/** What the page shows is of one account; a token for another would act behind its back. */
function fits({ account }: Token): boolean {
  const shown = queries.getQueryData<Pick<Token, "account">>(["me"]);
  return shown === undefined || shown.account.slug === account.slug;
}

function startAnew(): Promise<never> {
  location.assign("/");
  return new Promise(() => undefined); // nobody gets an answer: the page is going
}

export function forgetToken(): void {
  current = null;
}

/** From now on the token is for this account; null: the first one. */
export function chooseAccount(slug: string | null): void {
  storeAccount(slug);
  forgetToken();
}

async function exchange(): Promise<Token> {
  const chosen = chosenAccount();
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
