import { queryOptions, useQuery } from "@tanstack/react-query";
import { send } from "../api/client";
import { problemOf } from "../api/problem";

/** A model as GET /v1/models lists it: a base, or an adapter of the account. */
export interface Served {
  id: string;
  owned_by: string;
  parent: string | null;
  context_length: number;
}

export const servedQuery = queryOptions({
  queryKey: ["served"],
  queryFn: async (): Promise<Served[]> => {
    const response = await send(new Request(new URL("/v1/models", location.origin)));
    const body = (await response.json().catch(() => null)) as { data: Served[] } | null;
    if (!response.ok || body === null) throw problemOf(response, body);
    return body.data;
  },
});

export const useServed = () => useQuery(servedQuery);
