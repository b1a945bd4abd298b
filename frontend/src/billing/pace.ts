/** How many days the credit lasts when it goes on as in the last `days`; null: nothing is spent. */
export function daysLeft(available: string, spent: string, days: number): number | null {
  const perDay = Number(spent) / days;
  if (perDay <= 0) return null;
  return Number(available) / perDay;
}

export function daysText(days: number | null): string {
  if (days === null) return "Nothing is spent now";
  if (days > 3650) return "Years at this pace";
  if (days >= 2) return `${Math.floor(days)} days at this pace`;
  return days >= 1 ? "A day at this pace" : "Less than a day at this pace";
}
