const STEPS = [1, 2, 5, 10];
const FEW = 5; // lines that an eye takes in at once

/** Round marks from zero to at least `most`, evenly apart, and never finer than `finest`. */
export function ticks(most: number, finest = 0): number[] {
  if (!(most > 0)) return [0, finest || 1];
  const rough = most / FEW;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    finest,
    power * (STEPS.find((each) => each * power >= rough * 0.999) ?? 10),
  );
  const marks = Math.ceil(most / step - 1e-9);
  return Array.from({ length: marks + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** How many decimals tell neighbouring marks apart, two at least: for amounts of money. */
export function decimals(marks: number[]): number {
  const step = marks[1] ?? 1;
  return Math.max(2, Math.min(12, Math.ceil(-Math.log10(step) - 1e-9)));
}
