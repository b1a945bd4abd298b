import { exactUsd, usd } from "./format";

/** An amount, rounded for the eye; the exact one shows on pointing at it, or with `exact`. */
export function Amount({ of, exact = false }: { of: string; exact?: boolean }) {
  return <span title={exactUsd(of)}>{exact ? exactUsd(of) : usd(of)}</span>;
}
