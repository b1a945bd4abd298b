import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { afterId, pagesQuery } from "../api/pages";
import type { components } from "../api/schema";
import type { CapIn } from "../caps/cap";

export type KeyIn = components["schemas"]["KeyIn"];

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: () => body(api.GET("/v1/keys", { params: { query: { limit: 200 } } })),
});

/** All keys, those that are long revoked too. */
export const keyPagesQuery = pagesQuery(["keys", "pages"], (after) =>
  body(api.GET("/v1/keys", { params: { query: { after: afterId(after), limit: 50 } } })),
);

export function useCreateKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input: KeyIn) => body(api.POST("/v1/keys", { body: input })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["keys"] }),
    gcTime: 0, // the answer holds a secret
  });
}

export function useRevokeKey(done: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key_id: number) =>
      body(api.DELETE("/v1/keys/{key_id}", { params: { path: { key_id } } })),
    onSuccess: async () => {
      done();
      await queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
}

export function useRotateKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key_id: number) =>
      body(api.POST("/v1/keys/{key_id}/rotate", { params: { path: { key_id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["keys"] }),
    gcTime: 0, // the answer holds a secret
  });
}

export function useKeyCap(key_id: number, done: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (spend_cap: CapIn | null) =>
      body(api.PATCH("/v1/keys/{key_id}", { params: { path: { key_id } }, body: { spend_cap } })),
    onSuccess: async () => {
      done();
      await queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
}
