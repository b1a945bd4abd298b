import type { UsageFilter } from "./queries";
import { isRange, type Range } from "./range";

export const GROUPS = {
  model: "Model",
  adapter: "Adapter",
  version: "Version",
  key: "Key",
  member: "Member",
} as const;
export type By = keyof typeof GROUPS;
export const SHOWS = { cost: "Cost", tokens: "Tokens", requests: "Requests" } as const;
export type Show = keyof typeof SHOWS;

/** What the address of the page holds. */
export interface UsageSearch {
  range?: string;
  by?: string;
  show?: string;
  model?: string;
  adapter?: string;
  version?: string;
  key?: string;
  member?: string;
  status?: string;
}

const among = <Name extends string>(
  names: Record<Name, unknown>,
  text: string | undefined,
  otherwise: Name,
): Name => (text !== undefined && Object.hasOwn(names, text) ? (text as Name) : otherwise);

export const rangeOf = ({ range }: UsageSearch): Range => (isRange(range) ? range : "7d");
export const byOf = ({ by }: UsageSearch): By => among(GROUPS, by, "model");
export const showOf = ({ show }: UsageSearch): Show => among(SHOWS, show, "cost");

/** What the address narrows down to; an id that is none means no key. */
export function filterOf({ model, adapter, version, key, member }: UsageSearch): UsageFilter {
  return { model, adapter, version, member, key: idOf(key) };
}

function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
