import { send } from "../api/client";
import { problemOf } from "../api/problem";
import type { UsageFilter } from "./queries";

/** Saves the usage as a file, the way the API writes it. */
export async function download(start: string, groups: string, filter: UsageFilter): Promise<void> {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  const narrow = Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
  const query = new URLSearchParams({ ...narrow, start, group_by: groups, format: "csv" });
  const response = await send(new Request(new URL(`/v1/usage?${query}`, location.origin)));
  if (!response.ok) throw problemOf(response, await response.json().catch(() => null));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = `usage-${start.slice(0, 10)}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
