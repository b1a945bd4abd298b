import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { forgetToken } from "../api/token";
import { useForgetAll } from "../api/session";
import type { Step } from "./allauth";
import { safe } from "./next";

/** Runs one step of signing in and goes on to where the answer leads. */
export function useStep<Input>(run: (input: Input) => Promise<Step>) {
  const navigate = useNavigate();
  const forget = useForgetAll();
  const { next } = useSearch({ strict: false });
  return useMutation({
    mutationFn: run,
    onSuccess: async (step) => {
      if (step.done) {
        forgetToken();
        forget();
        await navigate({ href: safe(next), replace: true });
      } else if (step.pending === "verify_email") {
        await navigate({ to: "/verify-email", search: { next } });
      } else if (step.pending === "mfa_authenticate") {
        await navigate({ to: "/second-factor", search: { next } });
      } else {
        await navigate({ to: "/login", search: { next } });
      }
    },
  });
}
