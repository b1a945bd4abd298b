import { QueryClient } from "@tanstack/react-query";
import { Problem } from "./problem";

/** Server state lives here and nowhere else. What a client did wrong is not tried again. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) =>
        count < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
});
