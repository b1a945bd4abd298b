import { Button, Stack } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Failure } from "./failure";

/** A button that saves a file; where that fails, it says why. */
export function Csv({ save }: { save: () => Promise<void> }) {
  const csv = useMutation({ mutationFn: save });
  return (
    <Stack gap="xs">
      <Button
        variant="default"
        leftSection={<IconDownload size={16} />}
        loading={csv.isPending}
        onClick={() => csv.mutate()}
      >
        CSV
      </Button>
      {csv.error && <Failure error={csv.error} />}
    </Stack>
  );
}
