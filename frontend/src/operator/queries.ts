import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { afterId, pagesQuery } from "../api/pages";
import type { components } from "../api/schema";

type Schemas = components["schemas"];
export type Worker = Schemas["StaffWorkerOut"];
export type StaffAccount = Schemas["StaffAccountOut"];
export type SpendRow = Schemas["SpendRowOut"];
export type Adjustment = Schemas["AdjustmentOut"];

/** Every worker as it is, and as it was a look before: two looks give a rate. */
export interface Looks {
  now: Worker[];
  before: Worker[];
}
export const workersQuery = queryOptions({
  queryKey: ["operator", "workers"],
  queryFn: async ({ client }): Promise<Looks> => {
    const past = client.getQueryData<Looks>(["operator", "workers"]);
    const { data } = await body(api.GET("/v1/operator/workers"));
    return { now: data, before: past?.now ?? [] };
  },
  refetchInterval: 3_000,
});

export const staffStatsQuery = (start: string) =>
  queryOptions({
    queryKey: ["operator", "stats", start],
    queryFn: () =>
      body(api.GET("/v1/operator/stats", { params: { query: { start, bucket: "hour" } } })),
    refetchInterval: 10_000,
  });

export const spendQuery = (start: string) =>
  queryOptions({
    queryKey: ["operator", "spend", start],
    queryFn: () => body(api.GET("/v1/operator/spend", { params: { query: { start, limit: 10 } } })),
    refetchInterval: 30_000,
  });

export const accountsQuery = (search: string | undefined) =>
  pagesQuery(["operator", "accounts", search], (after) =>
    body(
      api.GET("/v1/operator/accounts", {
        params: { query: { search, after: afterId(after), limit: 50 } },
      }),
    ),
  );

/** Credit given and taken by hand, the newest first. */
export const adjustmentsQuery = pagesQuery(["operator", "adjustments"], (after) =>
  body(
    api.GET("/v1/operator/adjustments", {
      params: { query: { after: afterId(after), limit: 20 } },
    }),
  ),
);

/** A change to accounts or their credit, after which both are asked for anew. */
function useAccountChange<Input, Output>(
  change: (input: Input) => Promise<Output>,
  done: (output: Output) => void,
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (output) => {
      done(output);
      await Promise.all(
        ["accounts", "adjustments"].map((name) =>
          queries.invalidateQueries({ queryKey: ["operator", name] }),
        ),
      );
    },
  });
}

const of = (slug: string) => ({ params: { path: { slug } } });

export const useGrant = (slug: string, done: (made: Adjustment) => void) =>
  useAccountChange(
    (grant: Schemas["GrantIn"] & { once: string }) =>
      body(api.POST("/v1/operator/accounts/{slug}/grant", { ...of(slug), body: grant })),
    done,
  );
export const useSuspend = (slug: string, done: () => void) =>
  useAccountChange(() => body(api.POST("/v1/operator/accounts/{slug}/suspend", of(slug))), done);
export const useResume = (slug: string, done: () => void) =>
  useAccountChange(() => body(api.POST("/v1/operator/accounts/{slug}/resume", of(slug))), done);

export type Verdict = "approve" | "refuse";
export const useDecision = (done: (decided: Adjustment) => void) =>
  useAccountChange(
    ({ id, verdict }: { id: number; verdict: Verdict }) =>
      body(
        api.POST(`/v1/operator/adjustments/{adjustment_id}/${verdict}`, {
          params: { path: { adjustment_id: id } },
        }),
      ),
    done,
  );
