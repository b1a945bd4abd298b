import { queryOptions, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { Problem } from "./problem";
import { token } from "./token";

/** Who is signed in; null: nobody. Asking also sets the CSRF cookie. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => {
    try {
      return await body(api.GET("/auth/session"));
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

/** The account that this page acts for, with the member's scopes in it. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async () => {
    const { account, accounts, scopes } = await token();
    return { account, accounts, scopes };
  },
  staleTime: 60_000,
});

export function useMe() {
  return useSuspenseQuery(meQuery).data;
}

export function useMay(scope: string): boolean {
  return useMe().scopes.includes(scope);
}

export function useSession() {
  return useQuery(sessionQuery).data ?? null;
}

/** For after whatever changes what the caller may see: nothing of the past is kept. */
export function useForgetAll() {
  const queries = useQueryClient();
  return () => queries.clear();
}
