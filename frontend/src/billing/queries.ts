import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";

export const balanceQuery = queryOptions({
  queryKey: ["balance"],
  queryFn: () => body(api.GET("/v1/billing/balance")),
  refetchInterval: 15_000,
});

export const ledgerQuery = queryOptions({
  queryKey: ["ledger"],
  queryFn: () => body(api.GET("/v1/billing/ledger", { params: { query: { limit: 100 } } })),
});
