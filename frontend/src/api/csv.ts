import { send } from "./client";
import { problemOf } from "./problem";

/** Saves what a path of the API answers as CSV in a file of this name. */
export async function saveCsv(
  path: string,
  query: Record<string, string>,
  name: string,
): Promise<void> {
  const asked = new URLSearchParams({ ...query, format: "csv" });
  const response = await send(new Request(new URL(`${path}?${asked}`, location.origin)));
  if (!response.ok) throw problemOf(response, await response.json().catch(() => null));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = `${name}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
