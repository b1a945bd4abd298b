const PICO = 12;

/** A decimal amount as a whole number of picodollars, of which none is finer. */
function pico(amount: string): bigint {
  const [whole = "0", part = ""] = amount.split(".");
  return BigInt(whole + part.padEnd(PICO, "0").slice(0, PICO));
}

/** The decimal amount again, with at least two digits for cents. */
function decimal(picodollars: bigint): string {
  const sign = picodollars < 0n ? "-" : "";
  const digits = (picodollars < 0n ? -picodollars : picodollars).toString().padStart(PICO + 1, "0");
  const part = digits.slice(-PICO).replace(/0+$/, "").padEnd(2, "0");
  return `${sign}${digits.slice(0, -PICO)}.${part}`;
}

/** What so many tokens cost at a price for a million of them: exact, as the ledger counts. */
export const charged = (price: string, tokens: number): string =>
  decimal((pico(price) * BigInt(tokens)) / 1_000_000n);

/** The sum of amounts, to the last digit. */
export const sum = (amounts: string[]): string =>
  decimal(amounts.reduce((all, amount) => all + pico(amount), 0n));
