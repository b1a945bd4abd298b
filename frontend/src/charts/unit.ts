import { compact, count, usd } from "../ui/format";
import { decimals } from "./ticks";

/** What a chart's bars are measured in. */
export type Unit = "count" | "usd";

interface Manner {
  finest: number; // the least difference between two marks; 0: any
  one: (value: number) => string;
  mark: (marks: number[]) => (value: number) => string;
}

export const UNITS: Record<Unit, Manner> = {
  count: { finest: 1, one: count, mark: () => compact },
  usd: { finest: 0, one: usd, mark: (marks) => (value) => `$${value.toFixed(decimals(marks))}` },
};
