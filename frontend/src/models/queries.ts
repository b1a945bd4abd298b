import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";

export const catalogQuery = queryOptions({
  queryKey: ["catalog"],
  queryFn: () => body(api.GET("/v1/catalog")),
  staleTime: 60_000,
});
