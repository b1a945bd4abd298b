import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { pagesQuery } from "../api/pages";
import type { components } from "../api/schema";
import { Problem } from "../api/problem";

type Usage = components["schemas"]["UsageOut"];

/** A receipt follows its answer by the moment that the ledger takes: 404 is asked again. */
export const receiptQuery = (id: string) =>
  queryOptions({
    queryKey: ["receipt", id],
    queryFn: () =>
      body(api.GET("/v1/receipts/{request_id}", { params: { path: { request_id: id } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: (count, error) => error instanceof Problem && error.status === 404 && count < 8,
    retryDelay: 300,
  });

/** Which requests are meant, of /v1/requests and /v1/usage alike. */
export interface UsageFilter {
  model?: string;
  adapter?: string;
  version?: string;
  key?: number;
  member?: string;
}
export interface RequestFilter extends UsageFilter {
  status?: string;
  start?: string;
}

export const requestsQuery = (filter: RequestFilter, limit: number, refetch: number | false) =>
  queryOptions({
    queryKey: ["requests", filter, limit],
    queryFn: () => body(api.GET("/v1/requests", { params: { query: { ...filter, limit } } })),
    refetchInterval: refetch,
    placeholderData: keepPreviousData,
  });

/** The same, page after page, looked at every ten seconds. */
export const requestPagesQuery = (filter: RequestFilter) => ({
  ...pagesQuery(["requests", "pages", filter], (after) =>
    body(api.GET("/v1/requests", { params: { query: { ...filter, after, limit: 50 } } })),
  ),
  refetchInterval: 10_000,
});

export const statsQuery = (
  start: string,
  bucket: "hour" | "day",
  refetch: number | false = false,
) =>
  queryOptions({
    queryKey: ["stats", start, bucket],
    queryFn: () => body(api.GET("/v1/stats", { params: { query: { start, bucket } } })),
    refetchInterval: refetch,
    placeholderData: keepPreviousData,
  });

export const usageQuery = (start: string, groups: string, filter: UsageFilter = {}) =>
  queryOptions({
    queryKey: ["usage", start, groups, filter],
    queryFn: async () => {
      const query = { ...filter, start, group_by: groups };
      // The same address also gives CSV, as text; JSON is what it gives unasked.
      return (await body(api.GET("/v1/usage", { params: { query } }))) as Usage;
    },
    placeholderData: keepPreviousData,
  });
