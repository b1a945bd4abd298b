import { Button, Group, Stack } from "@mantine/core";
import type { UseMutationResult } from "@tanstack/react-query";
import { Failure } from "../ui/failure";
import { Submit } from "../ui/submit";
import { useServerValues } from "../ui/useServerValues";
import { capOf, draftOf, NO_CAP, type Cap, type CapIn } from "./cap";
import { CapFields } from "./capFields";
import { Spent } from "./spent";

interface CapFormProps {
  cap: Cap | null;
  change: UseMutationResult<unknown, Error, CapIn | null>;
}

/** Sets, changes or lifts one spend cap. */
export function CapForm({ cap, change }: CapFormProps) {
  const [form, adopt] = useServerValues(draftOf(cap));
  const lift = () =>
    change.mutate(null, {
      onSuccess: () => {
        form.getInputNode("limit")?.focus(); // the button goes with the cap
        adopt(NO_CAP);
      },
    });
  return (
    <form
      onSubmit={form.onSubmit((draft) =>
        change.mutate(capOf(draft), { onSuccess: () => adopt(draft) }),
      )}
    >
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
            <Button variant="default" disabled={change.isPending} onClick={lift}>
              Lift the cap
            </Button>
          )}
          <Submit busy={change.isPending}>{cap ? "Change the cap" : "Set the cap"}</Submit>
        </Group>
      </Stack>
    </form>
  );
}
