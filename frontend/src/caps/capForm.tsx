import { Button, Group, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { UseMutationResult } from "@tanstack/react-query";
import { Failure } from "../ui/failure";
import { capOf, draftOf, type Cap, type CapIn } from "./cap";
import { CapFields } from "./capFields";
import { Spent } from "./spent";

interface CapFormProps {
  cap: Cap | null;
  change: UseMutationResult<unknown, Error, CapIn | null>;
}

/** Sets, changes or lifts one spend cap. */
export function CapForm({ cap, change }: CapFormProps) {
  const form = useForm({ initialValues: draftOf(cap) });
  return (
    <form onSubmit={form.onSubmit((draft) => change.mutate(capOf(draft)))}>
      <Stack>
        {change.error && <Failure error={change.error} />}
        {cap && <Spent cap={cap} />}
        <CapFields
          limit={form.getInputProps("limit")}
          period={form.getInputProps("period")}
          required
        />
        <Group justify="flex-end">
          {cap && (
            <Button
              variant="default"
              disabled={change.isPending}
              onClick={() => change.mutate(null)}
            >
              Lift the cap
            </Button>
          )}
          <Button type="submit" loading={change.isPending}>
            {cap ? "Change the cap" : "Set the cap"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
