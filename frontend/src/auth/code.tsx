import { Button, Stack, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { Failure } from "../ui/failure";
import type { Step } from "./allauth";
import { useStep } from "./useStep";

interface CodeProps {
  label: string;
  run: (code: string) => Promise<Step>;
  children?: ReactNode;
}

/** A form of one field for a code from a mail or a device. */
export function CodeForm({ label, run, children }: CodeProps) {
  const [code, setCode] = useState("");
  const step = useStep(run);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        step.mutate(code.trim());
      }}
    >
      <Stack>
        {step.error && <Failure error={step.error} />}
        <TextInput
          label={label}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          autoComplete="one-time-code"
          autoCapitalize="characters"
          spellCheck={false}
          required
          withAsterisk={false}
          styles={{ input: { letterSpacing: "0.15em", fontVariantNumeric: "tabular-nums" } }}
        />
        <Button type="submit" loading={step.isPending}>
          Go on
        </Button>
        {children}
      </Stack>
    </form>
  );
}
