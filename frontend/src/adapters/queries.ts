import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { components } from "../api/schema";
import type { Version } from "../api/types";

const POLL_MS = 1_000;
const moving = (versions: Version[]): boolean =>
  versions.some(({ state }) => state === "uploading" || state === "validating");

export const adaptersQuery = queryOptions({
  queryKey: ["adapters"],
  queryFn: () => body(api.GET("/v1/adapters", { params: { query: { limit: 200 } } })),
  refetchInterval: ({ state }) =>
    state.data?.data.some(({ versions }) => moving(versions)) ? POLL_MS : false,
});

export const adapterQuery = (name: string) =>
  queryOptions({
    queryKey: ["adapters", name],
    queryFn: () => body(api.GET("/v1/adapters/{name}", { params: { path: { name } } })),
    refetchInterval: ({ state }) => (state.data && moving(state.data.versions) ? POLL_MS : false),
  });

/** From where this installation imports; it does not change while a page is open. */
export const importSourcesQuery = queryOptions({
  queryKey: ["importSources"],
  queryFn: () => body(api.GET("/v1/import-sources")),
  staleTime: Infinity,
});

/** The key of what sends or asks for a version's files. */
export const SENDING = ["adapters", "send"];

/** Where each of the account's adapters is resident now. */
export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: () => body(api.GET("/v1/status")),
  refetchInterval: 5_000,
});

export function useForgetAdapters() {
  const queries = useQueryClient();
  return () =>
    Promise.all(
      ["adapters", "served", "status"].map((name) =>
        queries.invalidateQueries({ queryKey: [name] }),
      ),
    );
}

export function useDeleteAdapter(name: string, done: () => void) {
  const forget = useForgetAdapters();
  return useMutation({
    mutationFn: () => body(api.DELETE("/v1/adapters/{name}", { params: { path: { name } } })),
    onSuccess: async () => {
      done();
      await forget();
    },
  });
}

export function useDeleteVersion(name: string, done: () => void) {
  const forget = useForgetAdapters();
  return useMutation({
    mutationFn: (number: number) =>
      body(
        api.DELETE("/v1/adapters/{name}/versions/{number}", { params: { path: { name, number } } }),
      ),
    onSuccess: async () => {
      done();
      await forget();
    },
  });
}

export type Alias = components["schemas"]["AliasOut"];
export type Target = components["schemas"]["TargetIn"];

export function useSetAlias(name: string, done: () => void) {
  const forget = useForgetAdapters();
  return useMutation({
    mutationFn: ({ alias, targets }: { alias: string; targets: Target[] }) =>
      body(
        api.PUT("/v1/adapters/{name}/aliases/{alias}", {
          params: { path: { name, alias } },
          body: { targets },
        }),
      ),
    onSuccess: async () => {
      done();
      await forget();
    },
  });
}

export function useDeleteAlias(name: string) {
  const forget = useForgetAdapters();
  return useMutation({
    mutationFn: (alias: string) =>
      body(
        api.DELETE("/v1/adapters/{name}/aliases/{alias}", { params: { path: { name, alias } } }),
      ),
    onSuccess: forget,
  });
}
