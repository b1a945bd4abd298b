import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Unconfirmed } from "./queries";

/** A change of factors, after which they are asked for anew. `unconfirmed` is set while it waits for
 * the person to show who they are; `again` then runs it once more with the same input. */
export function useFactorChange<Input, Output>(
  run: (input: Input) => Promise<Output>,
  done?: (output: Output) => void,
) {
  const queries = useQueryClient();
  const { error, variables, ...change } = useMutation({
    mutationFn: run,
    onSuccess: async (output) => {
      done?.(output);
      await queries.invalidateQueries({ queryKey: ["factors"] });
    },
    gcTime: 0, // answers may hold secrets
  });
  const unconfirmed = error instanceof Unconfirmed ? error : null;
  return {
    ...change,
    error: unconfirmed ? null : error,
    unconfirmed,
    again: () => change.mutate(variables as Input),
  };
}

export type FactorChange = Pick<
  ReturnType<typeof useFactorChange>,
  "unconfirmed" | "again" | "reset"
>;
