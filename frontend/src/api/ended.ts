// The end of a session, as the server tells it, and the one way on from there.
import { Problem } from "./problem";

// A browser that has lost its cookies fails the CSRF check before it is asked who it is.
const CODES = ["not_signed_in", "csrf_failed"];

export const hasEnded = (error: unknown): boolean =>
  error instanceof Problem && CODES.includes(error.code);

/** The sign-in that leads back to this address. */
export function signInAddress({ pathname, search, hash }: Location = location): string {
  const here = pathname + search + hash;
  if (pathname === "/login") return here;
  return here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`;
}

let leaving = false;

/** A page of its own: nothing that was seen before the sign-in stays in memory. */
export function leaveIfEnded(error: unknown): void {
  if (leaving || !hasEnded(error)) return;
  leaving = true; // what else is being asked for fails likewise
  location.assign(signInAddress());
}
