import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { afterId, pagesQuery } from "../api/pages";
import type { components } from "../api/schema";
import type { CapIn } from "../caps/cap";
import { said } from "../ui/said";

type Schemas = components["schemas"];

export const balanceQuery = queryOptions({
  queryKey: ["balance"],
  queryFn: () => body(api.GET("/v1/billing/balance")),
  refetchInterval: 15_000,
});

export const ledgerQuery = pagesQuery(["ledger"], (after) =>
  body(api.GET("/v1/billing/ledger", { params: { query: { after: afterId(after), limit: 50 } } })),
);

export const settingsQuery = queryOptions({
  queryKey: ["billing-settings"],
  queryFn: () => body(api.GET("/v1/billing/settings")),
  staleTime: 60_000,
});

export const paymentsQuery = pagesQuery(["payments", "list"], (after) =>
  body(api.GET("/v1/billing/payments", { params: { query: { after, limit: 20 } } })),
);

export const cardsQuery = queryOptions({
  queryKey: ["cards"],
  queryFn: () => body(api.GET("/v1/billing/payment_methods")),
});

export const invoicesQuery = queryOptions({
  queryKey: ["invoices"],
  queryFn: () => body(api.GET("/v1/billing/invoices")),
});

export const statementQuery = (month: string) =>
  queryOptions({
    queryKey: ["statement", month],
    queryFn: async () => {
      const statement = await body(
        api.GET("/v1/billing/statement", { params: { query: { month } } }),
      );
      // The same address also gives CSV, as text; JSON is what it gives unasked.
      return statement as Schemas["StatementOut"];
    },
  });

/** One payment, asked for again until it is decided. */
export function paymentQuery(payment_id: string) {
  return queryOptions({
    queryKey: ["payments", payment_id],
    queryFn: () =>
      body(api.GET("/v1/billing/payments/{payment_id}", { params: { path: { payment_id } } })),
    refetchInterval: ({ state: { data } }) =>
      data === undefined || data.state === "new" || data.state === "open" ? 2_000 : false,
  });
}

/** Begins a top-up of so many USD and goes to where it is paid. */
export function useCheckout() {
  return useMutation({
    mutationFn: (amount: string) => body(api.POST("/v1/billing/checkout", { body: { amount } })),
    onSuccess: ({ url }) => location.assign(url),
  });
}

/** Goes to where cards and invoices are. */
export function usePortal() {
  return useMutation({
    mutationFn: () => body(api.POST("/v1/billing/portal")),
    onSuccess: ({ url }) => location.assign(url),
  });
}

export const capsQuery = queryOptions({
  queryKey: ["caps"],
  queryFn: () => body(api.GET("/v1/billing/caps")),
});

export const alertsQuery = queryOptions({
  queryKey: ["alerts"],
  queryFn: () => body(api.GET("/v1/billing/alerts")),
});

export const autoTopUpQuery = queryOptions({
  queryKey: ["auto-top-up"],
  queryFn: () => body(api.GET("/v1/billing/autotopup")),
});

/** Keeps what the server answers to a change as what it has now. */
function useSave<Input, Output>(
  name: string,
  word: string,
  save: (input: Input) => Promise<Output>,
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: save,
    onSuccess: (answer) => {
      queries.setQueryData([name], answer);
      said(word);
    },
  });
}

export const useAccountCap = () =>
  useSave("caps", "The spend cap is saved.", (account: CapIn | null) =>
    body(api.PUT("/v1/billing/caps", { body: { account } })),
  );
export const useAlerts = () =>
  useSave("alerts", "The alerts are saved.", (input: Schemas["AlertsIn"]) =>
    body(api.PUT("/v1/billing/alerts", { body: input })),
  );
export const useAutoTopUp = () =>
  useSave("auto-top-up", "The rule is saved.", (input: Schemas["AutoTopupIn"]) =>
    body(api.PUT("/v1/billing/autotopup", { body: input })),
  );
