import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";

interface PageOf<Row> {
  data: Row[];
  has_more: boolean;
  next: string | null;
}

/** A list by cursor, whose data are all rows so far. `get` asks for what follows `after`. */
export function pagesQuery<Row>(
  queryKey: readonly unknown[],
  get: (after: string | undefined) => Promise<PageOf<Row>>,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => get(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    select: ({ pages }) => pages.flatMap(({ data }) => data),
    placeholderData: keepPreviousData,
  });
}

/** For lists whose cursor is an id. */
export const afterId = (after: string | undefined): number | undefined =>
  after === undefined ? undefined : Number(after);
