import { Button, Loader } from "@mantine/core";
import type { ReactNode } from "react";

interface SubmitProps {
  busy: boolean;
  unchanged?: boolean; // there is nothing to send
  children: ReactNode;
}

/**
 * The button of a form that stays when it was sent. It is never `disabled`: a button that becomes so
 * while it has the focus drops it to nowhere.
 */
export function Submit({ busy, unchanged = false, children }: SubmitProps) {
  const off = busy || unchanged;
  return (
    <Button
      type="submit"
      data-disabled={off || undefined}
      aria-disabled={off}
      leftSection={busy && <Loader size={14} color="currentColor" />}
      onClick={(event) => {
        if (off) event.preventDefault(); // Enter in a field comes by here too
      }}
    >
      {children}
    </Button>
  );
}
