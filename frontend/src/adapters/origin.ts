import type { components } from "../api/schema";

/** In short from where a version was imported: "acme/lora/tuned @ 1f0c9a2b7d3e", or a host. */
export function origin(from: components["schemas"]["ImportedFromOut"]): string {
  if (from.kind === "urls") return from.host;
  const place = from.subfolder === "" ? from.repository : `${from.repository}/${from.subfolder}`;
  return `${place} @ ${from.commit?.slice(0, 12) ?? from.revision}`;
}
