import { SegmentedControl, Stack } from "@mantine/core";
import { useIsMutating, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { FromFiles } from "./fromFiles";
import { FromHub } from "./fromHub";
import { useNaming, type Fixed } from "./naming";
import { importSourcesQuery, SENDING } from "./queries";

const WAYS = [
  { value: "files", label: "From files" },
  { value: "hub", label: "From a hub" },
] as const;

/** From two files, here or at a hub, to a version that serves, or to the reason why not. */
export function Uploader({ fixed }: { fixed?: Fixed }) {
  const naming = useNaming(fixed);
  const [way, setWay] = useState<(typeof WAYS)[number]["value"]>("files");
  const hub = useQuery(importSourcesQuery).data?.hub ?? null;
  const busy = useIsMutating({ mutationKey: SENDING }) > 0;
  return (
    <Stack>
      {hub !== null && (
        <SegmentedControl
          aria-label="Where the files are"
          value={way}
          onChange={setWay}
          data={[...WAYS]}
          disabled={busy}
        />
      )}
      {way === "hub" && hub !== null ? (
        <FromHub naming={naming} hub={hub} />
      ) : (
        <FromFiles naming={naming} />
      )}
    </Stack>
  );
}
