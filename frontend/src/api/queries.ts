import { QueryCache, QueryClient } from "@tanstack/react-query";
import { leaveIfEnded } from "./ended";
import { Problem } from "./problem";

/** Server state lives here and nowhere else. What a client did wrong is not tried again. */
export const queries = new QueryClient({
  // A change that fails so shows it where it was asked for: what was typed there is not lost.
  queryCache: new QueryCache({ onError: leaveIfEnded }),
  defaultOptions: {
    // A browser without a network may well reach its own machine; where it does not, that is told.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      refetchOnReconnect: true,
      staleTime: 10_000,
      retry: (count, error) =>
        count < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
});
