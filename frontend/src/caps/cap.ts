import type { components } from "../api/schema";

export type Cap = components["schemas"]["CapOut"];
export type CapIn = components["schemas"]["CapIn"];
export type Period = Cap["period"];

/** How often a cap starts anew, at midnight UTC. */
export const RESETS: Record<Period, string> = {
  day: "Every day",
  week: "Every week",
  month: "Every month",
  none: "Never",
};
export const WITHIN: Record<Period, string> = {
  day: "today",
  week: "this week",
  month: "this month",
  none: "in all",
};

export interface CapDraft {
  limit: number | string;
  period: Period;
}

export const NO_CAP: CapDraft = { limit: "", period: "month" };

/** What a form says, as the API takes it; an empty limit is no cap. */
export function capOf({ limit, period }: CapDraft): CapIn | null {
  return limit === "" ? null : { limit: String(limit), period };
}

export const draftOf = (cap: Cap | null): CapDraft =>
  cap === null ? NO_CAP : { limit: Number(cap.limit), period: cap.period };
