const PICO = 12;

/** A decimal amount as a whole number of picodollars, of which none is finer. */
function pico(amount: string): bigint {
  const [whole = "0", part = ""] = amount.split(".");
  return BigInt(whole + part.padEnd(PICO, "0").slice(0, PICO));
}

/** What so many tokens cost at a price for a million of them: exact, as the ledger counts. */
export function charged(price: string, tokens: number): string {
  const all = (pico(price) * BigInt(tokens)) / 1_000_000n;
  const digits = all.toString().padStart(PICO + 1, "0");
  const part = digits.slice(-PICO).replace(/0+$/, "").padEnd(2, "0");
  return `${digits.slice(0, -PICO)}.${part}`;
}
